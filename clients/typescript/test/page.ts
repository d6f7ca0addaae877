// Script of the page in which `browser.test.ts` uses the client. It is bundled, and its functions are called by name.
import { ProjectsApi, isApiError, type Progress, type Wait } from "projects-api-client";

const ORG = "acme";

async function create(baseUrl: string, token: string) {
  const api = new ProjectsApi({ baseUrl, token });
  const { name, version } = await api.createProject(ORG, { name: `From ${location.origin} ${crypto.randomUUID()}` });
  const error = await api.createProject(ORG, { name: "" }).catch((thrown: unknown) => thrown);
  const issues = isApiError(error) && error.code === "VALIDATION_ERROR" ? error.issues.map(({ code }) => code) : [];
  return { name, version, issues, requestId: isApiError(error) && error.requestId };
}

async function changeAnOldVersion(baseUrl: string, token: string) {
  const api = new ProjectsApi({ baseUrl, token });
  const read = await api.createProject(ORG, { name: `Read twice ${crypto.randomUUID()}` });
  await api.updateProject(read, { color: "#112233" });
  const error = await api.updateProject(read, { color: null }).catch((thrown: unknown) => thrown);
  return isApiError(error) ? [error.code, error.currentVersion] : error;
}

async function upload(baseUrl: string, token: string, bytes: number) {
  const steps: Progress[] = [];
  const api = new ProjectsApi({ baseUrl, token });
  const project = await api.createProject(ORG, { name: `With ${bytes} bytes ${crypto.randomUUID()}` });
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
  const project = await api.createProject(ORG, { name: `Aborted ${crypto.randomUUID()}` });
  let sent = 0;
  const onProgress = ({ phase, bytes }: Progress) => {
    sent = phase === "sending" ? bytes : 0;
    if (sent > 0) abort.abort();
  };
  const content = new Blob([new Uint8Array(8 * 1024 * 1024).fill(65)], { type: "text/plain" });
  const options = { signal: abort.signal, onProgress };
  const error = await api.uploadFile(project, content, options).catch((thrown: unknown) => thrown);
  return { error: (error as Error).name, partly: sent < content.size };
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
  const project = await api.createProject(ORG, { name: `With a cookie ${crypto.randomUUID()}` });
  const file = await api.uploadFile(project, new Blob(["hello"], { type: "text/plain" }), { onProgress: () => {} });
  return file.size;
}

export const steps = { create, changeAnOldVersion, upload, abortUpload, countDown, withCookie };
Object.assign(globalThis, { steps });
