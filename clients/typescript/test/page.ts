// Script of the page in which `browser.test.ts` uses the client. It is bundled, and its functions are called by name.
import { ProjectsApi, isApiError, type Progress, type Wait } from "projects-api-client";

const ORG = "acme";

async function create(baseUrl: string, token: string) {
  const api = new ProjectsApi({ baseUrl, token });
  const { name, version } = await api.createProject(ORG, { name: `From ${location.origin}` });
  const error = await api.createProject(ORG, { name: "" }).catch((thrown: unknown) => thrown);
  const issues = isApiError(error) && error.code === "VALIDATION_ERROR" ? error.issues.map(({ code }) => code) : [];
  return { name, version, issues, requestId: isApiError(error) && error.requestId };
}

async function changeAnOldVersion(baseUrl: string, token: string) {
  const api = new ProjectsApi({ baseUrl, token });
  const read = await api.createProject(ORG, { name: "Read twice" });
  await api.updateProject(read, { color: "#112233" });
  const error = await api.updateProject(read, { color: null }).catch((thrown: unknown) => thrown);
  return isApiError(error) ? [error.code, error.currentVersion] : error;
}

async function upload(baseUrl: string, token: string, bytes: number) {
  const steps: Progress[] = [];
  const api = new ProjectsApi({ baseUrl, token });
  const project = await api.createProject(ORG, { name: `With ${bytes} bytes` });
  const content = new Blob(["a,b\n".repeat(bytes / 4)], { type: "text/csv" });
  const file = await api.uploadFile(project, new File([content], "rows.csv", content), {
    onProgress: (step) => steps.push(step),
  });
  const downloaded = await (await api.downloadFile(file)).text();
  const sent = steps.filter(({ phase }) => phase === "sending").map((step) => step.bytes);
  return {
    size: file.size,
    equal: downloaded === (await content.text()),
    sent,
    hashed: steps.some(({ phase }) => phase === "hashing"),
  };
}

async function abortUpload(baseUrl: string, token: string) {
  const abort = new AbortController();
  const api = new ProjectsApi({ baseUrl, token });
  const project = await api.createProject(ORG, { name: "Aborted" });
  const stop = ({ phase }: Progress) => phase === "sending" && abort.abort();
  const content = new Blob([new Uint8Array(8 * 1024 * 1024).fill(65)], { type: "text/plain" });
  const error = await api
    .uploadFile(project, content, { signal: abort.signal, onProgress: stop })
    .catch((thrown: unknown) => thrown);
  return { error: (error as Error).name, files: (await api.listFiles(project)).files.length };
}

async function countDown(baseUrl: string, token: string) {
  const waits: Wait[] = [];
  const api = new ProjectsApi({ baseUrl, token, onWait: (wait) => waits.push(wait) });
  for (let calls = 0; calls < 9; calls += 1) {
    await api.listProjects(ORG);
  }
  return waits.map(({ code, seconds }) => ({ code, seconds }));
}

async function withCookie(baseUrl: string, token: string) {
  document.cookie = `auth=${token}; path=/`;
  const api = new ProjectsApi({ baseUrl, credentials: "include" });
  const project = await api.createProject(ORG, { name: "With a cookie" });
  const file = await api.uploadFile(project, new Blob(["hello"], { type: "text/plain" }), { onProgress: () => {} });
  return [project.name, file.size];
}

export const steps = { create, changeAnOldVersion, upload, abortUpload, countDown, withCookie };
Object.assign(globalThis, { steps });
