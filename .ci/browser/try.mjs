// Tries the local stack from a page on another origin, in a real browser: what the page can do and read.
// Usage: try.mjs LOCAL CHROMIUM, the paths of the `local` binary and of a Chromium. Prints a line for each thing tried.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { visit } from "./visit.mjs";

// More than a tour of the page needs of one route.
const LIMIT = 4;

const [local, chromium] = process.argv.slice(2);
const env = { ...process.env, RATE_LIMIT: `${LIMIT}/3600s`, CORS_ORIGINS: "", TRUSTED_ORIGINS: "", LOG_LEVEL: "error" };
let failures = 0;

function check(what, found, expected) {
  const good = JSON.stringify(found) === JSON.stringify(expected);
  failures += good ? 0 : 1;
  console.log(`${good ? "ok  " : "FAIL"} ${what}: ${JSON.stringify(found)}${good ? "" : `, not ${JSON.stringify(expected)}`}`);
}

function token(user) {
  return execFileSync(local, ["token", "--user", user, "--org", "acme"], { env, encoding: "utf8" }).trim();
}

async function listening(stack) {
  for await (const line of createInterface({ input: stack.stdout })) {
    if (line.startsWith("listening on ")) {
      stack.stdout.resume();
      return line.slice("listening on ".length).replace("127.0.0.1", "localhost");
    }
  }
  throw new Error("the stack did not start");
}

function allowed({ bearer, cookie, stranger, busy }) {
  for (const [way, { list, create, upload }] of Object.entries({ bearer, cookie })) {
    check(`list, ${way}`, [list.status, Array.isArray(list.body.data?.projects)], [200, true]);
    check(`create, ${way}`, [create.status, create.body.data?.name, create.headers.etag], [201, way, '"1"']);
    check(`upload, ${way}`, [upload.status, upload.body.data?.contentType], [201, "text/plain"]);
    check(`limits, ${way}`, limits(list), [`"default";q=${LIMIT};w=3600`, true]);
    check(`request id, ${way}`, typeof list.headers["x-request-id"], "string");
  }
  const challenge = stranger.list.headers["www-authenticate"];
  check("401", [stranger.list.status, stranger.list.body.error?.code, challenge], [401, "UNAUTHORIZED", "Bearer"]);
  const { last } = busy;
  check("429", [last.status, last.body.error?.code], [429, "RATE_LIMITED"]);
  check("429's wait", Number(last.headers["retry-after"]) > 0, true);
  check("429's limits", limits(last), [`"default";q=${LIMIT};w=3600`, true]);
}

function limits({ headers }) {
  return [headers["ratelimit-policy"], /^"default";r=\d+;t=\d+$/.test(headers.ratelimit)];
}

// A browser tells a page nothing of an answer that isn't for it.
function refused(report) {
  for (const [who, calls] of Object.entries(report)) {
    for (const [what, { status }] of Object.entries(calls)) {
      check(`${what}, ${who}, from elsewhere`, status, "TypeError");
    }
  }
}

const stack = spawn(local, ["--port", "0", "--ephemeral"], {
  env,
  // The template is found from here upwards.
  cwd: dirname(local),
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const api = await listening(stack);
  const page = await readFile(new URL("page.html", import.meta.url));
  allowed(await visit(chromium, page, "localhost", { api, token: token("page"), busy: token("busy") }));
  refused(await visit(chromium, page, "elsewhere.example", { api, token: token("other"), busy: token("other") }));
} finally {
  stack.kill();
  await once(stack, "exit");
}
process.exitCode = failures ? 1 : 0;
