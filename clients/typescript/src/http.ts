// Calls of the API: token, retries, the envelope and errors. Names no resource.
import createClient, { defaultPathSerializer, type Client, type Middleware } from "openapi-fetch";
import { unlessAborted } from "./abort.js";
import { clientError, errorOf, isApiError, lost, type ApiError } from "./errors.js";
import { randomKey } from "./random.js";
import { withRetries, type Retryable, type RetryOptions } from "./retry.js";

/**
 * Token, or function that returns it. After a 401 it is called once with `expired: true`, for a new one. Without a new
 * one, the call throws the 401.
 */
export type Token = string | ((request: { expired: boolean }) => string | undefined | Promise<string | undefined>);

/** `fetch`, or a function in its place. */
export type Fetch = (input: Request | string, init?: RequestInit) => Promise<Response>;

/** `RequestCredentials`, which Node.js has no name for. */
export type Credentials = "omit" | "same-origin" | "include";

/** Options of a client. */
export interface ClientOptions extends RetryOptions {
  /** Address of the API up to its version, for example `https://api.example.com`. */
  baseUrl: string;
  token?: Token;
  /** `include` sends the cookie instead of a token, also to another origin. */
  credentials?: Credentials;
  fetch?: Fetch;
}

/** Options of a call. */
export interface CallOptions extends RetryOptions {
  signal?: AbortSignal;
}

/** Options of a call that creates something. */
export interface CreateOptions extends CallOptions {
  /** Key by which the service recognizes a retry for 24 hours. Without one, each call makes its own. */
  idempotencyKey?: string;
}

/** Options that an attempt passes to its route. */
export type Init = {
  headers: Record<string, string>;
  signal?: AbortSignal;
  middleware: Middleware[];
};

type Result<Body> = Promise<{ data?: Body; error?: unknown; response: Response }>;

/** Sender of all calls, typed by the paths of a description. */
export class Http<Paths extends {}> {
  readonly routes: Client<Paths>;
  readonly fetch: Fetch;
  readonly #options: ClientOptions;
  #renewal: Promise<string | undefined> | undefined;

  constructor(options: ClientOptions) {
    const { baseUrl, credentials = "same-origin" } = options;
    this.#options = options;
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    const fetch = (request: Request) => this.fetch(request);
    this.routes = createClient<Paths>({ baseUrl, credentials, fetch, pathSerializer: pathOf });
    this.routes.use({ onResponse: ({ response }) => requireJson(response) });
  }

  /** Returns the `data` of the response. */
  async call<T>(retryable: Retryable, options: CallOptions, send: (init: Init) => Result<{ data: T }>): Promise<T> {
    return withRetries(() => this.#authorized(options, send), retryable, this.retryOptions(options));
  }

  /** Deletes something. Not finding it is a success after a failure in which it may have been deleted. */
  async remove(options: CallOptions, send: (init: Init) => Result<unknown>): Promise<void> {
    const remove = async (earlier: ApiError | undefined) => {
      try {
        await this.#authorized(options, (init) => send(init).then(empty));
      } catch (error) {
        if (!(earlier && isApiError(error) && error.code === "NOT_FOUND")) {
          throw error;
        }
      }
    };
    await withRetries(remove, "any", this.retryOptions(options));
  }

  /** Returns the response with the bytes at a signed URL, which takes no token. */
  async download(url: string, options: CallOptions): Promise<Response> {
    const { signal } = options;
    const init: RequestInit = { credentials: "omit", ...(signal && { signal }) };
    const read = async () => {
      const response = await this.fetch(url, init).catch((cause: unknown) => {
        throw lost(cause, signal);
      });
      if (!response.ok) {
        throw clientError("STORAGE_ERROR", `The bucket returned status ${response.status}`, response);
      }
      return response;
    };
    return withRetries(read, "any", this.retryOptions(options));
  }

  /** Returns the options of a call, completed by those of the client. */
  retryOptions(options: CallOptions): CallOptions {
    const { retry, onWait } = this.#options;
    return { ...(onWait && { onWait }), ...options, retry: { ...retry, ...options.retry } };
  }

  async #authorized<T>(options: CallOptions, send: (init: Init) => Result<{ data: T }>): Promise<T> {
    const { signal } = options;
    const token = await unlessAborted(this.#token(false), signal);
    try {
      return await once(token, signal, send);
    } catch (error) {
      if (!(isApiError(error) && error.code === "UNAUTHORIZED" && typeof this.#options.token === "function")) {
        throw error;
      }
      const renewed = await unlessAborted(this.#renewed(token), signal);
      if (!renewed || renewed === token) {
        throw error;
      }
      return once(renewed, signal, send);
    }
  }

  async #token(expired: boolean): Promise<string | undefined> {
    const { token } = this.#options;
    return typeof token === "function" ? token({ expired }) : token;
  }

  // Calls that find the same token expired share one renewal.
  async #renewed(used: string | undefined): Promise<string | undefined> {
    const current = await this.#token(false);
    if (current !== used) {
      return current;
    }
    this.#renewal ??= this.#token(true).finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }
}

/** Returns the header by which the service recognizes a retry, for all attempts of one call. */
export function idempotencyKey(options: CreateOptions): { "Idempotency-Key": string } {
  return { "Idempotency-Key": options.idempotencyKey ?? randomKey() };
}

/** Returns the header that makes a change conditional on the version that was read. */
export function ifMatch(read: { version?: number }): { "If-Match"?: string } {
  return read.version === undefined ? {} : { "If-Match": `"${read.version}"` };
}

/** Returns the path with its parameters. Throws if one would lead to another route. */
function pathOf(route: string, parameters: Record<string, unknown> = {}): string {
  for (const [name, value] of Object.entries(parameters)) {
    if (["", ".", ".."].includes(String(value ?? ""))) {
      throw new TypeError(`${name} is ${JSON.stringify(value)}, which is no id`);
    }
  }
  return defaultPathSerializer(route, parameters);
}

async function once<T>(
  token: string | undefined,
  signal: AbortSignal | undefined,
  send: (init: Init) => Result<{ data: T }>,
): Promise<T> {
  let built = false;
  const middleware = [{ onRequest: () => void (built = true) }];
  const headers: Init["headers"] = token ? { Authorization: `Bearer ${token}` } : {};
  const { data, error, response } = await send({ headers, middleware, ...(signal && { signal }) }).catch((cause) => {
    // A mistake of the caller, such as an invalid address, fails in every attempt.
    throw built ? lost(cause, signal) : cause;
  });
  if (!response.ok || data?.data === undefined) {
    throw errorOf(response, error);
  }
  return data.data;
}

/** Throws if a success has another body than JSON, such as the sign-in page of a network. */
function requireJson(response: Response): undefined {
  if (response.ok && response.status !== 204 && !response.headers.get("content-type")?.startsWith("application/json")) {
    throw errorOf(response, undefined);
  }
}

/** Returns the result with data, for a response without a body. */
function empty({ error, response }: { error?: unknown; response: Response }) {
  return { data: { data: true }, error, response };
}
