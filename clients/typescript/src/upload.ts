// Upload of a file: as a form if it is small, otherwise directly into the bucket.
import { clientError, isApiError, type ApiError } from "./errors.js";
import type { CreateOptions, Http } from "./http.js";
import { withRetries } from "./retry.js";
import { sha256 } from "./sha256.js";
import { transfer, type Transfer } from "./transfer.js";

/** Part of a form in React Native, which reads the file itself. It always goes as a form. */
export interface NativeFile {
  uri: string;
  name: string;
  type: string;
}

/** Step of an upload, and its bytes so far. */
export interface Progress {
  readonly phase: "hashing" | "sending";
  readonly bytes: number;
  /** Bytes of the file. */
  readonly total: number;
}

/** Options of an upload. The same `idempotencyKey` with the same file resumes one that failed. */
export interface UploadOptions extends CreateOptions {
  /** Name of the file, if it is not a `File`. */
  name?: string;
  /** Media type, if the blob has none or a wrong one. */
  contentType?: string;
  onProgress?: (progress: Progress) => void;
}

/** Permission to put bytes into the bucket. */
export interface Permission {
  id: string;
  url: string;
  method: string;
  headers: Record<string, string>;
}

/** Description of a file that is going to be put into the bucket. */
export interface Description {
  name: string;
  contentType: string;
  size: number;
  sha256: string;
}

/** Routes of an upload. */
export interface UploadRoutes<File> {
  form(form: FormData, fetch: (request: Request) => Promise<Response>): Promise<File>;
  begin(description: Description, options: CreateOptions): Promise<Permission>;
  finish(permission: Permission): Promise<File>;
}

/** Maximum number of permissions for one upload, in case the bucket refuses all of them. */
const PERMISSIONS = 5;

/** Uploads a file: as a form if it has at most `formLimit` bytes. */
export async function upload<File>(
  http: Http<any>,
  file: Blob | NativeFile,
  formLimit: number,
  routes: UploadRoutes<File>,
  options: UploadOptions,
): Promise<File> {
  if ("uri" in file) {
    const form = new FormData();
    form.append("file", file as unknown as Blob);
    return routes.form(form, http.fetch);
  }
  return file.size <= formLimit ? asForm(http, file, routes, options) : directly(http, file, routes, options);
}

async function asForm<File>(
  http: Http<any>,
  file: Blob,
  routes: UploadRoutes<File>,
  options: UploadOptions,
): Promise<File> {
  const report = reporter("sending", file, options);
  const form = new FormData();
  form.append("file", typed(file, options), nameOf(file, options));
  // A form is longer than its file.
  const onSent = (bytes: number) => report?.(Math.min(bytes, file.size));
  const send = ({ method, url, headers, credentials, signal }: Request) => {
    const others = Object.fromEntries([...headers].filter(([name]) => name !== "content-type"));
    // The content type has the form's boundary, so the sender sets it.
    return transfer({ method, url, headers: others, body: form, credentials, signal, onSent }, http.fetch);
  };
  const uploaded = await routes.form(form, report ? send : http.fetch);
  report?.(file.size);
  return uploaded;
}

async function directly<File>(
  http: Http<any>,
  file: Blob,
  routes: UploadRoutes<File>,
  options: UploadOptions,
): Promise<File> {
  const hash = await sha256(file, reporter("hashing", file, options), options.signal);
  const description = {
    name: nameOf(file, options),
    contentType: options.contentType ?? file.type,
    size: file.size,
    sha256: hash,
  };
  let permission = await routes.begin(description, options);
  for (let begun = 1; ; begun += 1) {
    const refusal = await putBytes(http, permission, file, options).catch(expired);
    try {
      return await routes.finish(permission);
    } catch (error) {
      if (!refusal || !isUnsent(error)) {
        throw error;
      }
    }
    if (begun === PERMISSIONS) {
      throw refusal;
    }
    // Its id as the key leads each later call to the same next upload.
    permission = await routes.begin(description, { ...options, idempotencyKey: permission.id });
  }
}

/** Returns the bucket's refusal of a permission that is over, for example after a long break. Throws any other error. */
function expired(error: unknown): ApiError {
  if (isApiError(error) && error.code === "STORAGE_ERROR" && error.status === 403) {
    return error;
  }
  throw error;
}

/** Returns `true` if an upload has no bytes yet. */
function isUnsent(error: unknown): boolean {
  return isApiError(error) && error.code === "CONFLICT" && error.field === "uploadId";
}

/** Puts the bytes into the bucket, with retries. If they are there already (412), an earlier attempt has succeeded. */
async function putBytes(http: Http<any>, permission: Permission, body: Blob, options: UploadOptions): Promise<void> {
  const { method, url, headers } = permission;
  const { signal } = options;
  const onSent = reporter("sending", body, options);
  const request: Transfer = { method, url, headers, body, credentials: "omit" };
  const put = { ...request, ...(signal && { signal }), ...(onSent && { onSent }) };
  await withRetries(
    async () => {
      const response = await transfer(put, http.fetch);
      if (!response.ok && response.status !== 412) {
        throw clientError("STORAGE_ERROR", `The bucket refused the bytes with status ${response.status}`, response);
      }
      onSent?.(body.size);
    },
    "any",
    http.retryOptions(options),
  );
}

type Report = (bytes: number) => void;

function reporter(phase: Progress["phase"], { size: total }: Blob, { onProgress }: UploadOptions): Report | undefined {
  return onProgress && ((bytes) => onProgress({ phase, bytes, total }));
}

function nameOf(file: Blob, { name }: UploadOptions): string {
  return name ?? (file as { name?: string }).name ?? "file";
}

function typed(file: Blob, { contentType }: UploadOptions): Blob {
  return contentType === undefined ? file : file.slice(0, file.size, contentType);
}
