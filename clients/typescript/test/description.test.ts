// The package and the API's description.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

function json(path: string): { version: string; info: { version: string } } {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
}

test("the version is that of the description", () => {
  assert.equal(json("../../package.json").version, json("../../../../docs/openapi.json").info.version);
});

test("the whole client stays below 8 KB", async () => {
  const stdin = { contents: 'export * from "projects-api-client"', resolveDir: new URL(".", import.meta.url).pathname };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: "esm", write: false });
  const bytes = gzipSync(outputFiles[0]?.contents ?? "").length;
  assert.ok(bytes > 1000 && bytes < 8000, `${bytes} bytes`);
});
