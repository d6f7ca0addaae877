export {
  isApiError,
  type ApiError,
  type ClientError,
  type ErrorCode,
  type ErrorContext,
  type ServiceError,
} from "./errors.js";
export type { CallOptions, ClientOptions, CreateOptions, Credentials, Fetch, Token } from "./http.js";
export * from "./projects.js";
export { mayRetry } from "./retry.js";
export type { RetryLimits, RetryOptions, Wait } from "./retry.js";
export type { NativeFile, Progress, UploadOptions } from "./upload.js";
