// Retries of calls, after the wait that the service asks for.
import { sleepUntil } from "./abort.js";
import { isApiError, type ApiError, type ErrorCode } from "./errors.js";

/** Bounds of the attempts of one call. */
export interface RetryLimits {
  /** Maximum number of attempts, 5 by default; 1 turns retries off. */
  attempts: number;
  /** Maximum seconds of all waits together, 60 by default. A wait beyond it is not begun, and the error is thrown. */
  seconds: number;
}

/** Wait before the next attempt. */
export interface Wait {
  readonly code: ErrorCode;
  /** Seconds from now. */
  readonly seconds: number;
  /** Time of the next attempt. */
  readonly until: Date;
  /** Number of attempts so far. */
  readonly attempts: number;
}

/** Options of one call, or of all calls of a client. */
export interface RetryOptions {
  retry?: Partial<RetryLimits>;
  /** Receives each wait, for example to show a countdown. */
  onWait?: (wait: Wait) => void;
}

/**
 * Calls that may be retried. `any`: also after a failure in which the service may have done its work. `refused`: only
 * after a refusal.
 */
export type Retryable = "any" | "refused";

/** Limits that apply if no others are given. */
const DEFAULTS: RetryLimits = { attempts: 5, seconds: 60 };

/** Seconds of the longest wait that a timer can take, 24 days. */
const LONGEST_WAIT = 2_147_483;

/** Seconds of the first wait if the service names none. Each further wait is twice as long. */
const FIRST_WAIT = 0.5;

/** Runs attempts until one succeeds, must not be retried, or the limits are reached. */
export async function withRetries<T>(
  attempt: (earlier: ApiError | undefined) => Promise<T>,
  retryable: Retryable,
  options: RetryOptions & { signal?: AbortSignal },
): Promise<T> {
  const limits = { ...DEFAULTS, ...options.retry };
  const seconds = Math.min(limits.seconds, LONGEST_WAIT);
  let earlier: ApiError | undefined;
  let waited = 0;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt(earlier);
    } catch (error) {
      if (!isApiError(error)) {
        throw error;
      }
      const transient = isTransient(error);
      const repeat = isPostponed(error) || (transient && retryable === "any");
      const wait = waitAfter(error, attempts);
      if (!repeat || attempts >= limits.attempts || waited + wait.seconds > seconds) {
        throw error;
      }
      options.onWait?.(wait);
      await sleepUntil(wait.until, options.signal);
      waited += wait.seconds;
      earlier = transient ? error : earlier;
    }
  }
}

/** Returns `true` if the same call may succeed later, so that a "Try again" button makes sense. */
export function mayRetry(error: unknown): boolean {
  return isApiError(error) && (isPostponed(error) || isTransient(error) || error.status >= 500);
}

/** Returns `true` if the service has done nothing and a later request can succeed. */
function isPostponed({ code, status, ...error }: ApiError): boolean {
  // A conflict without a field is with a request at the same time.
  const concurrent = code === "CONFLICT" && !("field" in error);
  return code === "RATE_LIMITED" || concurrent || (code === "UNEXPECTED_RESPONSE" && status === 429);
}

/** Returns `true` if the service may have done its work, or can do it later. */
function isTransient({ code, status }: ApiError): boolean {
  switch (code) {
    case "SERVICE_UNAVAILABLE":
    case "NETWORK_ERROR":
      return true;
    case "UNEXPECTED_RESPONSE":
      return [502, 503, 504].includes(status);
    case "STORAGE_ERROR":
      return status >= 500 || status === 409;
    default:
      return false;
  }
}

function waitAfter({ code, retryAfter }: ApiError, attempts: number): Wait {
  const backoff = FIRST_WAIT * 2 ** (attempts - 1) * (1 + Math.random() / 2);
  const seconds = retryAfter ?? backoff;
  return { code, seconds, until: new Date(Date.now() + seconds * 1000), attempts };
}
