// Requests that report their progress. They go through `XMLHttpRequest` where it exists, because `fetch` reports none.
import { reasonOf, throwIfAborted } from "./abort.js";
import { lost } from "./errors.js";
import type { Credentials, Fetch } from "./http.js";

/** Request with a body that may be large. */
export interface Transfer {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Blob | FormData;
  credentials: Credentials;
  signal?: AbortSignal;
  /** Receives the number of bytes of the body that have been sent. */
  onSent?: (bytes: number) => void;
}

/** Sends the request. */
export async function transfer({ url, onSent, ...init }: Transfer, fetch: Fetch): Promise<Response> {
  onSent?.(0);
  try {
    return await (onSent && typeof XMLHttpRequest === "function" ? watched(url, init, onSent) : fetch(url, init));
  } catch (cause) {
    throw lost(cause, init.signal);
  }
}

function watched(
  url: string,
  init: Omit<Transfer, "url" | "onSent">,
  onSent: (bytes: number) => void,
): Promise<Response> {
  const { method, headers, body, credentials, signal } = init;
  return new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(method, url);
    request.withCredentials = credentials === "include";
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => resolve(responseOf(request));
    request.onerror = () => reject(new TypeError("The request failed"));
    request.onabort = () => reject(reasonOf(signal));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort, { once: true });
    request.send(body);
  });
}

function responseOf(request: XMLHttpRequest): Response {
  const lines = request.getAllResponseHeaders().trim().split(/\r?\n/).filter(Boolean);
  const headers = lines.map((line): [string, string] => {
    const [name = "", ...value] = line.split(":");
    return [name, value.join(":").trim()];
  });
  return new Response(request.responseText || null, { status: request.status, headers });
}
