// Clients of the running stack, and requests that are lost or watched on their way to it.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { ProjectsApi, isApiError, type ApiError, type ProjectsApiOptions } from "projects-api-client";

export const baseUrl = process.env["API"] ?? "";
export const ORG = "acme";

/** Returns a token, which is expired immediately if it is for 0 seconds. */
export function token(user: string = randomUUID(), seconds = 600): string {
  const local = process.env["LOCAL"] ?? "";
  return execFileSync(local, ["token", "--user", user, "--org", ORG, "--expires-in", String(seconds)], {
    encoding: "utf8",
  }).trim();
}

/** Returns a client of a new user, with a rate limit of its own. */
export function newApi(options: Partial<ProjectsApiOptions> = {}): ProjectsApi {
  return new ProjectsApi({ baseUrl, token: token(), ...options });
}

/** Returns a name that no other test has. */
export function newName(): string {
  return `Project ${randomUUID()}`;
}

/** Returns the error that the call throws. */
export async function errorOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isApiError(error)) {
    throw new Error("the call did not throw an ApiError", { cause: error });
  }
  return error;
}

/** Requests that went out. */
export interface Sent {
  method: string;
  path: string;
  headers: Headers;
}

/**
 * Returns a `fetch` that records what it sends. `disturb` sees each response of the service and may return another, or
 * throw, as a connection that breaks after the service has done its work.
 */
export function recorder(disturb: (sent: Sent, number: number) => Response | undefined = () => undefined) {
  const requests: Sent[] = [];
  const recorded = async (input: Request | string, init?: RequestInit): Promise<Response> => {
    const { url, method = "GET", headers } = typeof input === "string" ? { url: input, ...init } : input;
    const sent = { method, path: new URL(url).pathname, headers: new Headers(headers) };
    requests.push(sent);
    const response = await fetch(input, init);
    return disturb(sent, requests.length) ?? response;
  };
  return { requests, fetch: recorded };
}

/** Throws as `fetch` does when a connection breaks. */
export function breakConnection(): never {
  throw new TypeError("fetch failed");
}
