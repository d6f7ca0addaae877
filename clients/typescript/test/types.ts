// Statements about types, which hold if this file compiles.
import {
  ProjectsApi,
  isApiError,
  type ApiError,
  type ErrorCode,
  type Issue,
  type NewProject,
  type Project,
} from "projects-api-client";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <Statement extends true>(): Statement | undefined => undefined;

export async function errorsNarrowByCode(call: Promise<Project>): Promise<void> {
  try {
    await call;
  } catch (error) {
    // @ts-expect-error A thrown value is unknown before the guard.
    void error.code;
    if (!isApiError(error)) {
      throw error;
    }
    // @ts-expect-error Only some errors have issues.
    void error.issues;
    if (error.code === "VALIDATION_ERROR") {
      holds<Equal<typeof error.issues, Issue[]>>();
      const first: "invalid_type" | "too_small" | "too_big" | "invalid_format" | "custom" | undefined =
        error.issues[0]?.code;
      void first;
    }
    if (error.code === "CONFLICT" && error.field === "version") {
      holds<Equal<typeof error.currentVersion, number | undefined>>();
    }
    // @ts-expect-error No such code.
    void (error.code === "VALIDATION_ERRORS");
  }
}

export function everyCodeIsKnown(error: ApiError): string {
  switch (error.code) {
    case "INVALID_JSON":
    case "INVALID_MULTIPART":
    case "INVALID_IDEMPOTENCY_KEY":
    case "VALIDATION_ERROR":
    case "UNAUTHORIZED":
    case "FORBIDDEN":
    case "CROSS_SITE_REQUEST":
    case "NOT_FOUND":
    case "CONFLICT":
    case "PAYLOAD_TOO_LARGE":
    case "UNSUPPORTED_MEDIA_TYPE":
    case "UNPROCESSABLE_ENTITY":
    case "RATE_LIMITED":
    case "INTERNAL_ERROR":
    case "SERVICE_UNAVAILABLE":
    case "NETWORK_ERROR":
    case "UNEXPECTED_RESPONSE":
    case "STORAGE_ERROR":
      return error.message;
    default:
      return error satisfies never;
  }
}

export async function absentIsNotNull(api: ProjectsApi, project: Project): Promise<void> {
  holds<Equal<Project["color"], string | undefined>>();
  await api.updateProject(project, { color: null, description: null });
  // @ts-expect-error A name can't be removed.
  await api.updateProject(project, { name: null });
  // @ts-expect-error A new project omits the field.
  void ({ name: "Apollo", color: null } satisfies NewProject);
  // @ts-expect-error `undefined` is not absent.
  void ({ name: "Apollo", color: undefined } satisfies NewProject);
  // @ts-expect-error No such field.
  await api.createProject("acme", { name: "Apollo", tint: "#112233" });
}

export async function whatWasReadAddresses(api: ProjectsApi, project: Project): Promise<void> {
  for await (const file of api.files(project)) {
    await api.deleteFile(file);
  }
  // @ts-expect-error A file addresses no project.
  for await (const file of api.files(project)) await api.getFile({ orgId: file.orgId, id: file.id });
}

export async function aCursorIsPassedOn(api: ProjectsApi): Promise<void> {
  const { nextCursor } = await api.listProjects("acme", { cursor: undefined });
  await api.listProjects("acme", { cursor: nextCursor });
}

holds<Equal<string extends ErrorCode ? true : false, false>>();
