// The bundled client in a page of another origin, in Chromium.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import type { steps } from "./page.js";
import { token } from "./support.js";

const executablePath = process.env["CHROMIUM"];
const skip = executablePath ? false : "there is no Chromium here";
// The page is on localhost. Cookies are for all ports of a host.
const api = (process.env["API"] ?? "").replace("127.0.0.1", "localhost");

const server = createServer();
let browser: Browser | undefined;
let page: Page;

async function bundle(): Promise<string> {
  const entryPoints = [new URL("page.js", import.meta.url).pathname];
  const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, format: "iife", write: false });
  return outputFiles[0]?.text ?? "";
}

/** Runs a step in the page, as a user of its own. */
function inPage<Name extends keyof typeof steps>(
  name: Name,
  ...more: unknown[]
): Promise<Awaited<ReturnType<(typeof steps)[Name]>>> {
  const call = ([step, ...parameters]: unknown[]) => {
    const { steps } = globalThis as unknown as { steps: Record<string, (...parameters: unknown[]) => never> };
    return steps[String(step)]?.(...parameters);
  };
  return page.evaluate(call, [name, api, token(), ...more]) as never;
}

before(async () => {
  if (!executablePath) {
    return;
  }
  const html = `<!doctype html><title>Client</title><script>${await bundle()}</script>`;
  server.on("request", (_, response) => response.setHeader("content-type", "text/html").end(html));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  page = await browser.newPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
});

after(async () => {
  await browser?.close();
  server.close();
});

test("a page creates a project", { skip }, async () => {
  const { name, version, issues, requestId } = await inPage("create");
  assert.match(name, /^From http:\/\/localhost:\d+ /);
  assert.deepEqual([version, issues, typeof requestId], [1, ["too_small"], "string"]);
});

test("a page learns the current version", { skip }, async () => {
  assert.deepEqual(await inPage("changeAnOldVersion"), ["CONFLICT", 2]);
});

for (const [path, megabytes] of [
  ["as a form", 2],
  ["into the bucket", 24],
] as const) {
  test(`a page sends a file ${path}`, { skip }, async () => {
    const size = megabytes * 1024 * 1024;
    const upload = await inPage("upload", size);
    assert.deepEqual([upload.size, upload.equal, upload.hashed], [size, true, megabytes > 4]);
    assert.ok(upload.sent.length >= 3, `${upload.sent.length} events`);
    assert.deepEqual(
      upload.sent,
      [...upload.sent].sort((a, b) => a - b),
    );
    assert.equal(upload.sent.at(-1), size);
  });
}

test("a page aborts an upload", { skip, timeout: 30_000 }, async () => {
  const network = await page.context().newCDPSession(page);
  const throttle = (uploadThroughput: number) =>
    network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    });
  await throttle(2 * 1024 * 1024);
  assert.deepEqual(await inPage("abortUpload"), { error: "AbortError", partly: true });
  await throttle(-1);
});

test("a page counts down", { skip }, async () => {
  const waits = await inPage("countDown");
  assert.ok(waits.length >= 1 && waits.every(({ code, seconds }) => code === "RATE_LIMITED" && seconds >= 1));
});

test("a page signs in by cookie", { skip }, async () => {
  assert.equal(await inPage("withCookie"), 5);
});
