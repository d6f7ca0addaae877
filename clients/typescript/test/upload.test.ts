// Uploads on both paths, their progress, and what happens when they are disturbed.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Fetch, Progress } from "projects-api-client";
import { ORG, breakConnection, errorOf, newApi, newName, recorder } from "./support.js";

/** Larger than a form may be, and no multiple of the pieces that are hashed. */
const LARGE = `${"a,b\n".repeat(1_100_000)}end`;

function text(content: string): Blob {
  return new Blob([content], { type: "text/csv" });
}

async function project(api: ReturnType<typeof newApi>) {
  return api.createProject(ORG, { name: newName() });
}

test("a small file goes as a form", async () => {
  const line = recorder();
  const api = newApi({ fetch: line.fetch });
  const owner = await project(api);
  const file = await api.uploadFile(owner, new File(["hello"], "größe.txt", { type: "text/plain" }));
  assert.deepEqual([file.name, file.size, file.contentType], ["größe.txt", 5, "text/plain"]);
  assert.deepEqual(
    line.requests.slice(1).map(({ path }) => path.split("/").at(-1)),
    ["files"],
  );
  assert.equal(await (await api.downloadFile(file)).text(), "hello");
});

test("a large file goes into the bucket", async () => {
  const steps: Progress[] = [];
  const api = newApi();
  const owner = await project(api);
  const file = await api.uploadFile(owner, text(LARGE), { name: "rows.csv", onProgress: (step) => steps.push(step) });
  assert.equal(file.sha256, createHash("sha256").update(LARGE).digest("hex"));
  assert.equal(await (await api.downloadFile(file)).text(), LARGE);
  const last = (phase: string) => steps.filter((step) => step.phase === phase).at(-1);
  for (const phase of ["hashing", "sending"]) {
    assert.deepEqual(last(phase), { phase, bytes: LARGE.length, total: LARGE.length });
  }
});

test("lost responses of an upload are repeated", async () => {
  const lost = new Set<string>();
  // The first response to each request after that for the project.
  const line = recorder(({ method, path }, number) => {
    const first = number > 1 && !lost.has(method + path);
    lost.add(method + path);
    return first ? breakConnection() : undefined;
  });
  const api = newApi({ fetch: line.fetch, formLimit: 10 });
  const owner = await project(api);
  const file = await api.uploadFile(owner, text("a,b\nc,d\ne,f\n"), { name: "rows.csv" });
  assert.deepEqual(
    line.requests.map(({ method }) => method),
    ["POST", "POST", "POST", "PUT", "PUT", "POST", "POST"],
  );
  assert.equal(file.size, 12);
});

test("the same key resumes an upload", async () => {
  let offline = false;
  const line = recorder(({ method }) => (method === "PUT" && offline ? breakConnection() : undefined));
  const api = newApi({ fetch: line.fetch, formLimit: 0, retry: { attempts: 1 } });
  const owner = await project(api);
  const options = { name: "rows.csv", idempotencyKey: newName().replaceAll(" ", "-") };
  offline = true;
  assert.equal((await errorOf(api.uploadFile(owner, text("a,b\n"), options))).code, "NETWORK_ERROR");
  offline = false;
  const file = await api.uploadFile(owner, text("a,b\n"), options);
  assert.deepEqual(await api.uploadFile(owner, text("a,b\n"), options), file);
  assert.equal((await api.listFiles(owner)).files.length, 1);
});

/** Returns a `fetch` for which the bucket refuses bytes as after 15 minutes, by the number of the request with them. */
function refusing({ fetch }: ReturnType<typeof recorder>, refused: (number: number) => boolean): Fetch {
  let puts = 0;
  return async (input, init) => {
    puts += init?.method === "PUT" ? 1 : 0;
    return init?.method === "PUT" && refused(puts) ? new Response("<Error/>", { status: 403 }) : fetch(input, init);
  };
}

function newKey() {
  return { name: "rows.csv", idempotencyKey: newName().replaceAll(" ", "-") };
}

test("an expired permission is asked for again", async () => {
  const line = recorder();
  const api = newApi({ fetch: refusing(line, (number) => number === 1), formLimit: 0 });
  const options = newKey();
  const file = await api.uploadFile(await project(api), text("a,b\n"), options);
  assert.equal(file.size, 4);
  const keys = line.requests.flatMap(({ path, headers }) =>
    path.endsWith("/uploads") ? [headers.get("idempotency-key")] : [],
  );
  assert.equal(keys.length, 2);
  assert.equal(keys[0], options.idempotencyKey);
  assert.notEqual(keys[1], keys[0]);
});

test("an upload whose end was lost stays one file", async () => {
  // The last request of the first call, by the number of its permissions that had expired.
  for (const [expired, last] of [4, 6].entries()) {
    let over = false;
    const line = recorder((_, number) => (number === last ? breakConnection() : undefined));
    const fetch = refusing(line, (number) => over || number <= expired);
    const api = newApi({ fetch, formLimit: 0, retry: { attempts: 1 } });
    const owner = await project(api);
    const options = newKey();
    assert.equal((await errorOf(api.uploadFile(owner, text("a,b\n"), options))).code, "NETWORK_ERROR");
    assert.equal(line.requests.length, last);
    over = true;
    const file = await api.uploadFile(owner, text("a,b\n"), options);
    assert.deepEqual((await api.listFiles(owner)).files, [file]);
  }
});

test("a bucket that refuses everything is an error", async () => {
  const line = recorder();
  const api = newApi({ fetch: refusing(line, () => true), formLimit: 0 });
  const error = await errorOf(api.uploadFile(await project(api), text("a,b\n"), newKey()));
  assert.deepEqual([error.code, error.status], ["STORAGE_ERROR", 403]);
});

test("bytes of another type are refused", async () => {
  for (const formLimit of [0, 100]) {
    const api = newApi({ formLimit });
    const file = new Blob([randomBytes(64)], { type: "image/png" });
    assert.equal((await errorOf(api.uploadFile(await project(api), file))).code, "UNPROCESSABLE_ENTITY");
  }
});

test("an aborted upload leaves no file", async () => {
  for (const formLimit of [0, 100]) {
    const api = newApi({ formLimit });
    const owner = await project(api);
    await assert.rejects(api.uploadFile(owner, text("a,b\n"), { signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.equal((await api.listFiles(owner)).files.length, 0);
  }
});

test("an abort ends the hashing", async () => {
  const abort = new AbortController();
  const api = newApi();
  const upload = api.uploadFile(await project(api), text(LARGE), {
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await assert.rejects(upload, { name: "AbortError" });
});
