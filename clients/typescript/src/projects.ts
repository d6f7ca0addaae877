// Methods for the routes of this API. A team with another resource replaces this file.
import type { components, paths } from "./generated/schema.js";
import { Http, idempotencyKey, ifMatch, type CallOptions, type ClientOptions, type CreateOptions } from "./http.js";
import { allPages } from "./pages.js";
import { upload, type NativeFile, type UploadOptions } from "./upload.js";

type Schemas = components["schemas"];
export type Project = Schemas["Project"];
export type NewProject = Schemas["NewProject"];
export type ProjectChange = Schemas["ProjectChange"];
export type ProjectFile = Schemas["ProjectFile"];
export type DownloadableFile = Schemas["DownloadableFile"];
export type ProjectPage = Schemas["ProjectPage"];
export type FilePage = Schemas["FilePage"];
export type Issue = Schemas["Issue"];

/** Project, or what addresses it. With its `version`, a change applies only to that one. */
export interface ProjectRef {
  orgId: string;
  id: string;
  version?: number;
}

/** File, or what addresses it. */
export interface FileRef {
  orgId: string;
  projectId: string;
  id: string;
}

/** Options of a list. */
export interface ListOptions extends CallOptions {
  /** Items of a page, 1 to 100; 20 by default. */
  limit?: number;
}

/** Options of a page. */
export interface PageOptions extends ListOptions {
  /** `nextCursor` of the previous page. None reads the first page. */
  cursor?: string | null | undefined;
}

/** Options of the client for this API. */
export interface ProjectsApiOptions extends ClientOptions {
  /** Largest file that goes as a form, in bytes. Set it to the service's `UPLOAD_MAX_BYTES`; 4 MiB by default. */
  formLimit?: number;
}

const FORM_LIMIT = 4 * 1024 * 1024;

const PROJECTS = "/v1/orgs/{orgId}/projects";
const PROJECT = `${PROJECTS}/{projectId}` as const;
const FILES = `${PROJECT}/files` as const;
const FILE = `${FILES}/{fileId}` as const;

/** Client of the Projects API. */
export class ProjectsApi {
  /** Sender of the calls, for routes that have no method here. */
  readonly http: Http<paths>;
  readonly #formLimit: number;

  constructor({ formLimit = FORM_LIMIT, ...options }: ProjectsApiOptions) {
    this.http = new Http(options);
    this.#formLimit = formLimit;
  }

  /** Yields all projects, newest first. An error ends the sequence; `listProjects` reads a page again. */
  projects(orgId: string, options: ListOptions = {}): AsyncGenerator<Project, void, undefined> {
    return allPages(async (cursor) => {
      const { projects, nextCursor } = await this.listProjects(orgId, { ...options, cursor });
      return { items: projects, nextCursor };
    });
  }

  /** Returns a page of the projects, newest first. */
  listProjects(orgId: string, options: PageOptions = {}): Promise<ProjectPage> {
    const params = { path: { orgId }, query: query(options) };
    return this.http.call("any", options, (init) => this.http.routes.GET(PROJECTS, { ...init, params }));
  }

  createProject(orgId: string, body: NewProject, options: CreateOptions = {}): Promise<Project> {
    const params = { path: { orgId }, header: idempotencyKey(options) };
    return this.http.call("any", options, (init) => this.http.routes.POST(PROJECTS, { ...init, params, body }));
  }

  getProject(project: ProjectRef, options: CallOptions = {}): Promise<Project> {
    const params = { path: pathOf(project) };
    return this.http.call("any", options, (init) => this.http.routes.GET(PROJECT, { ...init, params }));
  }

  /**
   * Changes the fields of `change`; null removes one. After a failure in which the change may have taken effect, it is
   * not retried if it is conditional, because the retry would find a newer version: read the project.
   */
  updateProject(project: ProjectRef, change: ProjectChange, options: CallOptions = {}): Promise<Project> {
    const params = { path: pathOf(project), header: ifMatch(project) };
    const retryable = project.version === undefined ? "any" : "refused";
    return this.http.call(retryable, options, (init) =>
      this.http.routes.PATCH(PROJECT, { ...init, params, body: change }),
    );
  }

  deleteProject(project: ProjectRef, options: CallOptions = {}): Promise<void> {
    const params = { path: pathOf(project), header: ifMatch(project) };
    return this.http.remove(options, (init) => this.http.routes.DELETE(PROJECT, { ...init, params }));
  }

  /** Yields all files of a project, newest first. An error ends the sequence; `listFiles` reads a page again. */
  files(project: ProjectRef, options: ListOptions = {}): AsyncGenerator<ProjectFile, void, undefined> {
    return allPages(async (cursor) => {
      const { files, nextCursor } = await this.listFiles(project, { ...options, cursor });
      return { items: files, nextCursor };
    });
  }

  /** Returns a page of a project's files, newest first. */
  listFiles(project: ProjectRef, options: PageOptions = {}): Promise<FilePage> {
    const params = { path: pathOf(project), query: query(options) };
    return this.http.call("any", options, (init) => this.http.routes.GET(FILES, { ...init, params }));
  }

  /** Uploads a file: as a form if it is small, otherwise directly into the bucket. */
  uploadFile(project: ProjectRef, file: Blob | NativeFile, options: UploadOptions = {}): Promise<ProjectFile> {
    const { routes } = this.http;
    const path = pathOf(project);
    const steps = {
      form: (form: FormData, fetch: (request: Request) => Promise<Response>) => {
        const params = { path, header: idempotencyKey(options) };
        const body = { body: { file: "" }, bodySerializer: () => form, fetch };
        return this.http.call("any", options, (init) => routes.POST(FILES, { ...init, params, ...body }));
      },
      begin: (body: Schemas["NewUpload"], key: CreateOptions) => {
        const params = { path, header: idempotencyKey(key) };
        return this.http.call("any", options, (init) => routes.POST(`${PROJECT}/uploads`, { ...init, params, body }));
      },
      finish: ({ id }: { id: string }) => {
        const params = { path: { ...path, uploadId: id } };
        return this.http.call("any", options, (init) =>
          routes.POST(`${PROJECT}/uploads/{uploadId}`, { ...init, params }),
        );
      },
    };
    return upload(this.http, file, this.#formLimit, steps, options);
  }

  /** Returns a file with a URL for its bytes, `download.url`, which is valid for a minute. */
  getFile(file: FileRef, options: CallOptions = {}): Promise<DownloadableFile> {
    const params = { path: filePathOf(file) };
    return this.http.call("any", options, (init) => this.http.routes.GET(FILE, { ...init, params }));
  }

  /** Returns the response with a file's bytes. */
  async downloadFile(file: FileRef, options: CallOptions = {}): Promise<Response> {
    const { download } = await this.getFile(file, options);
    return this.http.download(download.url, options);
  }

  deleteFile(file: FileRef, options: CallOptions = {}): Promise<void> {
    const params = { path: filePathOf(file) };
    return this.http.remove(options, (init) => this.http.routes.DELETE(FILE, { ...init, params }));
  }
}

function query({ limit, cursor }: PageOptions): { limit?: number; cursor?: string } {
  return { ...(limit !== undefined && { limit }), ...(typeof cursor === "string" && { cursor }) };
}

function pathOf({ orgId, id }: ProjectRef): { orgId: string; projectId: string } {
  return { orgId, projectId: id };
}

function filePathOf({ orgId, projectId, id }: FileRef): { orgId: string; projectId: string; fileId: string } {
  return { orgId, projectId, fileId: id };
}
