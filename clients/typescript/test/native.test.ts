// The client with only what React Native has: no streams, no `XMLHttpRequest`, no WebCrypto, and files by their path.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import type * as client from "projects-api-client";
import { ORG, baseUrl, newName, token } from "./support.js";

/** Form that reads a file by its path, as that of React Native does. */
class NativeForm extends FormData {
  override append(field: string, value: string | Blob): void {
    const { uri, name, type } = value as unknown as client.NativeFile;
    super.append(field, uri ? new File([new Uint8Array(readFileSync(uri))], name, { type }) : value);
  }
}

/** Loads the client where there are no other globals than these and those of the language. */
async function load(): Promise<typeof client> {
  const contents = 'export * from "projects-api-client"';
  const stdin = { contents, resolveDir: new URL(".", import.meta.url).pathname };
  const { outputFiles } = await build({ stdin, bundle: true, format: "iife", globalName: "loaded", write: false });
  const timers = { setTimeout, clearTimeout };
  const globals = {
    fetch,
    Headers,
    Request,
    Response,
    Blob,
    FormData: NativeForm,
    AbortController,
    URL,
    URLSearchParams,
    ...timers,
  };
  return runInNewContext(`${outputFiles[0]?.text}; loaded`, globals) as typeof client;
}

const { ProjectsApi, isApiError } = await load();

test("calls need no streams and no crypto", async () => {
  const api = new ProjectsApi({ baseUrl, token: token(), formLimit: 0 });
  const project = await api.createProject(ORG, { name: newName() });
  const rows = new Blob(["a,b\n"], { type: "text/csv" });
  const file = await api.uploadFile(project, rows, { name: "rows.csv", onProgress: () => {} });
  assert.equal(await (await api.downloadFile(file)).text(), "a,b\n");
  const error = await api.createProject(ORG, { name: "" }).catch((thrown: unknown) => thrown);
  assert.ok(isApiError(error) && error.code === "VALIDATION_ERROR");
});

test("a file is named by its path", async () => {
  const uri = join(mkdtempSync(join(tmpdir(), "client-")), "picture");
  writeFileSync(uri, "a,b\n");
  const api = new ProjectsApi({ baseUrl, token: token() });
  const project = await api.createProject(ORG, { name: newName() });
  const file = await api.uploadFile(project, { uri, name: "rows.csv", type: "text/csv" });
  assert.deepEqual([file.name, file.contentType, file.size], ["rows.csv", "text/csv", 4]);
});
