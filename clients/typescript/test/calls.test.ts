// Calls, their retries, and the errors that they throw.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProjectsApi, isApiError, mayRetry, type ProjectsApiOptions, type Wait } from "projects-api-client";
import { ORG, baseUrl, breakConnection, errorOf, newApi, newName, recorder, token } from "./support.js";

const QUICK = { retry: { attempts: 1 } };

test("a project is created, read, changed and deleted", async () => {
  const api = newApi();
  const created = await api.createProject(ORG, { name: newName(), color: "#112233" });
  const changed = await api.updateProject(created, { color: null, description: "Two of them" });
  assert.equal(changed.version, 2);
  assert.ok(!("color" in changed));
  assert.deepEqual(await api.getProject(created), changed);
  await api.deleteProject(changed);
  assert.equal((await errorOf(api.getProject(created))).code, "NOT_FOUND");
});

test("every issue of a form is narrowed", async () => {
  const error = await errorOf(newApi().createProject(ORG, { name: " ", color: "red" }));
  assert.ok(error.code === "VALIDATION_ERROR");
  assert.deepEqual(
    error.issues.map(({ path, code }) => [path, code]),
    [
      [["name"], "too_small"],
      [["color"], "invalid_format"],
    ],
  );
  assert.equal(error.status, 400);
  assert.ok(error.requestId);
});

test("a change of an old version is refused", async () => {
  const api = newApi();
  const read = await api.createProject(ORG, { name: newName() });
  await api.updateProject(read, { description: "first" });
  const error = await errorOf(api.updateProject(read, { description: "second" }));
  assert.ok(error.code === "CONFLICT" && error.field === "version");
  assert.equal(error.currentVersion, 2);
  const { version: _, ...unconditional } = read;
  assert.equal((await api.updateProject(unconditional, { description: "second" })).version, 3);
});

test("a rate limit is waited for", async () => {
  const waits: Wait[] = [];
  const api = newApi({ onWait: (wait) => waits.push(wait) });
  const began = Date.now();
  for (let calls = 0; calls < 9; calls += 1) {
    await api.listProjects(ORG, { limit: 1 });
  }
  assert.ok(waits.length >= 1);
  assert.equal(waits[0]?.code, "RATE_LIMITED");
  const waited = waits.reduce((sum, { seconds }) => sum + seconds, 0);
  assert.ok(waited >= 1 && Date.now() - began >= waited * 1000);
});

test("a wait beyond the bound is thrown", async () => {
  const api = newApi({ retry: { seconds: 0 } });
  const calls = Array.from({ length: 9 }, () => api.listProjects(ORG));
  const errors = (await Promise.allSettled(calls)).flatMap((call) =>
    call.status === "rejected" ? [call.reason as unknown] : [],
  );
  assert.equal(errors.length, 1);
  const [error] = errors;
  assert.ok(isApiError(error) && error.code === "RATE_LIMITED" && error.status === 429);
  assert.ok(error.retryAfter !== undefined && error.retryAfter >= 1);
});

test("a wait beyond every timer is thrown", async () => {
  const line = recorder(() => new Response(null, { status: 429, headers: { "retry-after": "9999999" } }));
  const error = await errorOf(newApi({ fetch: line.fetch, retry: { seconds: Infinity } }).listProjects(ORG));
  assert.deepEqual([error.status, error.retryAfter, line.requests.length], [429, 9999999, 1]);
});

test("an abort ends a wait", async () => {
  const abort = new AbortController();
  const api = newApi({ onWait: () => abort.abort(new Error("enough")) });
  const calls = Array.from({ length: 9 }, () => api.listProjects(ORG, { signal: abort.signal }));
  const reasons = (await Promise.allSettled(calls)).flatMap((call) =>
    call.status === "rejected" ? [String(call.reason)] : [],
  );
  assert.ok(reasons.length >= 1);
  assert.ok(reasons.every((reason) => reason === "Error: enough"));
});

test("an abort ends a wait for the token", async () => {
  // The first token, or the one after it.
  for (const first of [undefined, "none"]) {
    const abort = new AbortController();
    const endless = () => {
      queueMicrotask(() => abort.abort(new Error("enough")));
      return new Promise<string>(() => {});
    };
    const api = newApi({ token: ({ expired }) => (expired ? endless() : (first ?? endless())) });
    await assert.rejects(api.listProjects(ORG, { signal: abort.signal }), { message: "enough" });
  }
});

test("a lost response creates one project", async () => {
  const line = recorder((_, number) => (number === 1 ? breakConnection() : undefined));
  const waits: Wait[] = [];
  const api = newApi({ fetch: line.fetch, onWait: (wait) => waits.push(wait) });
  const name = newName();
  const created = await api.createProject(ORG, { name });
  assert.equal(created.name, name);
  const keys = line.requests.map(({ headers }) => headers.get("idempotency-key"));
  assert.equal(keys.length, 2);
  assert.match(keys[0] ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(keys[0], keys[1]);
  assert.deepEqual(
    waits.map(({ code, attempts }) => [code, attempts]),
    [["NETWORK_ERROR", 1]],
  );
});

test("the caller's key replays the first response", async () => {
  const api = newApi();
  const idempotencyKey = newName().replaceAll(" ", "-");
  const project = { name: newName() };
  const first = await api.createProject(ORG, project, { idempotencyKey });
  assert.deepEqual(await api.createProject(ORG, project, { idempotencyKey }), first);
  assert.equal(
    (await errorOf(api.createProject(ORG, { name: newName() }, { idempotencyKey }))).code,
    "UNPROCESSABLE_ENTITY",
  );
});

test("concurrent calls with one key create one project", async () => {
  const api = newApi();
  const options = { idempotencyKey: newName().replaceAll(" ", "-") };
  const project = { name: newName() };
  const [first, ...others] = await Promise.all([1, 2, 3].map(() => api.createProject(ORG, project, options)));
  assert.deepEqual(others, [first, first]);
});

test("a delete whose response was lost succeeds", async () => {
  const line = recorder(({ method }, number) => (method === "DELETE" && number === 2 ? breakConnection() : undefined));
  const api = newApi({ fetch: line.fetch });
  const project = await api.createProject(ORG, { name: newName() });
  await api.deleteProject(project);
  assert.deepEqual(
    line.requests.map(({ method }) => method),
    ["POST", "DELETE", "DELETE"],
  );
  assert.equal((await errorOf(api.deleteProject(project))).code, "NOT_FOUND");
});

test("a conditional change is sent once", async () => {
  const line = recorder(({ method }) => (method === "PATCH" ? breakConnection() : undefined));
  const api = newApi({ fetch: line.fetch });
  const project = await api.createProject(ORG, { name: newName() });
  assert.equal((await errorOf(api.updateProject(project, { description: "x" }))).code, "NETWORK_ERROR");
  assert.equal(line.requests.length, 2);
  assert.equal((await api.getProject(project)).version, 2);
});

test("responses of a gateway get their own code", async () => {
  const gateway = (status: number) => Response.json({ message: "Service Unavailable" }, { status });
  const line = recorder((_, number) => (number === 1 ? gateway(503) : number > 2 ? gateway(413) : undefined));
  const api = newApi({ fetch: line.fetch });
  await api.listProjects(ORG);
  const error = await errorOf(api.listProjects(ORG));
  assert.deepEqual(
    [error.code, error.status, error.message],
    ["UNEXPECTED_RESPONSE", 413, "Status 413: Service Unavailable"],
  );
  assert.equal(line.requests.length, 3);
});

test("a page in place of JSON is unexpected", async () => {
  const line = recorder(
    () => new Response("<h1>Sign in to this network</h1>", { headers: { "content-type": "text/html" } }),
  );
  const error = await errorOf(newApi({ fetch: line.fetch }).listProjects(ORG));
  assert.deepEqual([error.code, error.status], ["UNEXPECTED_RESPONSE", 200]);
});

test("a closed port is a network error", async () => {
  const error = await errorOf(newApi({ baseUrl: "http://127.0.0.1:9", ...QUICK }).listProjects(ORG));
  assert.deepEqual([error.code, error.status], ["NETWORK_ERROR", 0]);
  assert.ok(error.cause instanceof TypeError);
});

test("an id that leads elsewhere is never sent", async () => {
  const line = recorder();
  const api = newApi({ fetch: line.fetch });
  for (const id of ["", ".", "..", undefined as unknown as string]) {
    await assert.rejects(api.getProject({ orgId: ORG, id }), TypeError);
    await assert.rejects(api.deleteFile({ orgId: ORG, projectId: id, id: "x" }), TypeError);
    await assert.rejects(api.listProjects(id), TypeError);
  }
  assert.equal(line.requests.length, 0);
});

test("a mistake of the caller is thrown as it is", async () => {
  const onWait = () => assert.fail("it is retried");
  for (const options of [{ baseUrl: "not a url" }, { token: "two\nlines" }]) {
    await assert.rejects(newApi({ ...options, onWait }).listProjects(ORG), TypeError);
  }
  const idempotencyKey = "two\nlines";
  await assert.rejects(newApi({ onWait }).createProject(ORG, { name: newName() }, { idempotencyKey }), TypeError);
});

test("an expired token is renewed once for all calls", async () => {
  const renewed = token("renewed");
  let [current, renewals] = [token("renewed", 0), 0];
  const api = new ProjectsApi({
    baseUrl,
    token: async ({ expired }) => {
      renewals += expired ? 1 : 0;
      current = expired ? renewed : current;
      return current;
    },
  });
  await Promise.all([api.listProjects(ORG), api.listProjects(ORG), api.listProjects(ORG)]);
  assert.equal(renewals, 1);
});

test("a token without a successor is refused once", async () => {
  const old = token("old", 0);
  for (const successor of [undefined, old]) {
    const line = recorder();
    const asked: boolean[] = [];
    const api = newApi({
      fetch: line.fetch,
      token: ({ expired }) => {
        asked.push(expired);
        return expired ? successor : old;
      },
    });
    const error = await errorOf(api.listProjects(ORG));
    assert.deepEqual([error.code, error.status, line.requests.length], ["UNAUTHORIZED", 401, 1]);
    assert.equal(asked.filter(Boolean).length, 1);
  }
});

test("errors that may pass are told", async () => {
  const failing = (status: number) => recorder(() => new Response("failed", { status })).fetch;
  const told = async (options: Partial<ProjectsApiOptions>) =>
    mayRetry(await errorOf(newApi({ ...QUICK, ...options }).listProjects(ORG)));
  for (const status of [429, 500, 503]) {
    assert.ok(await told({ fetch: failing(status) }), `${status}`);
  }
  assert.ok(await told({ baseUrl: "http://127.0.0.1:9" }));
  assert.ok(!(await told({ fetch: failing(413) })));
  assert.ok(!(await told({ token: "none" })));
  assert.ok(!mayRetry(new Error("a mistake")));
});

test("a refused token is thrown", async () => {
  assert.equal((await errorOf(newApi({ token: "none" }).listProjects(ORG))).code, "UNAUTHORIZED");
  assert.equal((await errorOf(newApi({ token: () => undefined }).listProjects(ORG))).code, "UNAUTHORIZED");
});

test("a page without a cursor is the first", async () => {
  const api = newApi();
  const [older, newer] = [newName(), newName()];
  const project = await api.createProject(ORG, { name: newName() });
  for (const name of [older, newer]) {
    await api.uploadFile(project, new Blob([name], { type: "text/plain" }), { name });
  }
  for (const cursor of [undefined, null]) {
    const first = await api.listFiles(project, { limit: 1, cursor });
    assert.equal(first.files[0]?.name, newer);
    const second = await api.listFiles(project, { limit: 1, cursor: first.nextCursor });
    assert.equal(second.files[0]?.name, older);
  }
});

test("pages are read when they are needed", async () => {
  const line = recorder();
  const api = newApi({ fetch: line.fetch });
  const project = await api.createProject(ORG, { name: newName() });
  const names = ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"];
  for (const name of names) {
    await api.uploadFile(project, new Blob([name], { type: "text/plain" }), { name });
  }
  const lists = () => line.requests.filter(({ method }) => method === "GET").length;
  const listed: string[] = [];
  for await (const { name } of api.files(project, { limit: 2 })) {
    listed.push(name);
    assert.equal(lists(), Math.ceil(listed.length / 2));
  }
  assert.deepEqual(listed, [...names].reverse());
  assert.equal(lists(), 3);
});
