// Errors of the service and of the client, as one union by `code`.
import type { operations } from "./generated/schema.js";

type Failures<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends { content: { "application/json": { error: infer E } } }
    ? E
    : never;
}[keyof Responses];

/** Errors that the API describes, of all operations. */
export type ServiceError = { [Name in keyof operations]: Failures<operations[Name]["responses"]> }[keyof operations];

/** Errors of the client itself, for responses that the API doesn't describe. */
export type ClientError =
  /** The request or its response was lost: offline, refused by CORS, or a broken connection. `cause` has the reason. */
  | { code: "NETWORK_ERROR" }
  /** The response is not of the service, for example API Gateway's own 413 or 503, or a proxy's page. */
  | { code: "UNEXPECTED_RESPONSE" }
  /** The bucket refused the bytes of an upload, or returned none for a download. */
  | { code: "STORAGE_ERROR" };

/** Facts about the response, in addition to its error. */
export interface ErrorContext {
  /** Status of the response; 0 if there is none. */
  readonly status: number;
  /** Id of the request in the service's log. */
  readonly requestId: string | undefined;
  /** Seconds to wait, from `Retry-After`. */
  readonly retryAfter: number | undefined;
  /** Current version of the resource, from `ETag`, if a change was refused because it was for another one. */
  readonly currentVersion: number | undefined;
}

/** Error that a call throws. Its `code` narrows it. */
export type ApiError = Error & ErrorContext & (ServiceError | ClientError);

/** Code of an error. */
export type ErrorCode = ApiError["code"];

class ApiFailure extends Error {
  override readonly name = "ApiError";
}

/** Returns `true` if a call threw this error, which TypeScript then narrows by `code`. */
export function isApiError(error: unknown): error is ApiError {
  return error instanceof ApiFailure;
}

/** Returns the error of the service, or `UNEXPECTED_RESPONSE` if the body is not of the service. */
export function errorOf(response: Response, body: unknown): ApiError {
  const described = (body as { error?: ServiceError } | undefined)?.error;
  if (typeof described?.code === "string") {
    return failure(described, contextOf(response));
  }
  const { message = "not a response of the service" } = (body ?? {}) as { message?: string };
  return clientError("UNEXPECTED_RESPONSE", `Status ${response.status}: ${message}`, response);
}

/** Returns an error of the client itself. */
export function clientError(
  code: ClientError["code"],
  message: string,
  response?: Response,
  cause?: unknown,
): ApiError {
  return failure({ code, message }, response ? contextOf(response) : NO_RESPONSE, cause);
}

/** Returns the error for a request that `fetch` rejected. An abort stays as it is. */
export function lost(cause: unknown, signal?: AbortSignal): unknown {
  const known = signal?.aborted || isApiError(cause);
  return known ? cause : clientError("NETWORK_ERROR", "The request or its response was lost", undefined, cause);
}

const NO_RESPONSE: ErrorContext = { status: 0, requestId: undefined, retryAfter: undefined, currentVersion: undefined };

function failure(error: { code: string; message: string }, context: ErrorContext, cause?: unknown): ApiError {
  return Object.assign(
    new ApiFailure(error.message, cause === undefined ? {} : { cause }),
    error,
    context,
  ) as unknown as ApiError;
}

function contextOf({ status, headers }: Response): ErrorContext {
  return {
    status,
    requestId: headers.get("x-request-id") ?? undefined,
    retryAfter: wholeNumber(headers.get("retry-after")),
    currentVersion: wholeNumber(headers.get("etag")?.replaceAll('"', "")),
  };
}

function wholeNumber(text: string | null | undefined): number | undefined {
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}
