// Visits of a page by a real browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const PATIENCE_MS = 60_000;
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  // A host name of another site.
  "--host-resolver-rules=MAP elsewhere.example 127.0.0.1",
];

// Serves a page at http://HOST:PORT/?QUERY, opens it in the Chromium at this path, and returns the JSON that it posts to
// /report.
export async function visit(chromium, page, host, query) {
  let report;
  const reported = new Promise((resolve) => (report = resolve));
  const server = createServer(async (request, response) => {
    response.setHeader("content-type", "text/html");
    if (request.url === "/report") {
      report(JSON.parse(await text(request)));
    }
    response.end(request.url.startsWith("/?") ? page : "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const profile = await mkdtemp(join(tmpdir(), "browser-"));
  const url = `http://${host}:${server.address().port}/?${new URLSearchParams(query)}`;
  const browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, url], { stdio: "ignore" });
  const ended = once(browser, "exit");
  const failed = (why) => () => Promise.reject(new Error(`the browser ${why}`));
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
  try {
    return await Promise.race([reported, ended.then(failed("ended")), late.then(failed("reported nothing"))]);
  } finally {
    browser.kill("SIGKILL");
    await ended.catch(() => {});
    server.close();
    server.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
