// The README's blocks, in their order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { calls, link } from "./application.js";

test("the README's blocks do as it says", async () => {
  const { bytes, file, nextCursor, projects, renamed, status } = await import("./readme.js");
  assert.deepEqual([renamed.name, renamed.version, file.name, bytes.size], ["Gemini", 2, "rows.csv", 4]);
  assert.deepEqual(calls.slice(0, 2), [
    ["mark", "name", "Name is required"],
    ["show", "Apollo"],
  ]);
  assert.ok(calls.some(([name, text]) => name === "show" && text === "now 2"));
  assert.deepEqual(calls.at(-1), ["draw", "sending", 1]);
  assert.ok(projects.length >= 1 && nextCursor === null && status === "ok");
  assert.match(link.href, /^http/);
});
