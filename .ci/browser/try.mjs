// Tests what a page on another origin can do and read on the local stack, in a real browser.
// Usage: try.mjs LOCAL CHROMIUM, the paths of the `local` binary and of a Chromium. Prints a line for each check.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { visit } from "./visit.mjs";

// More requests than the page's tour sends to one route.
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

function allowed({ bearer, cookie, anonymous, busy }) {
  for (const [carrier, { list, create, upload }] of Object.entries({ bearer, cookie })) {
    check(`list, ${carrier}`, [list.status, Array.isArray(list.body.data?.projects)], [200, true]);
    check(`create, ${carrier}`, [create.status, create.body.data?.name, create.headers.etag], [201, carrier, '"1"']);
    check(`upload, ${carrier}`, [upload.status, upload.body.data?.contentType], [201, "text/plain"]);
    check(`rate limit, ${carrier}`, rateLimit(list), [`"default";q=${LIMIT};w=3600`, true]);
    check(`request id, ${carrier}`, typeof list.headers["x-request-id"], "string");
  }
  const challenge = anonymous.list.headers["www-authenticate"];
  check("401", [anonymous.list.status, anonymous.list.body.error?.code, challenge], [401, "UNAUTHORIZED", "Bearer"]);
  const { last } = busy;
  check("429", [last.status, last.body.error?.code], [429, "RATE_LIMITED"]);
  check("429's Retry-After", Number(last.headers["retry-after"]) > 0, true);
  check("429's rate limit", rateLimit(last), [`"default";q=${LIMIT};w=3600`, true]);
}

function rateLimit({ headers }) {
  return [headers["ratelimit-policy"], /^"default";r=\d+;t=\d+$/.test(headers.ratelimit)];
}

// A browser hides a response from pages of origins that CORS does not allow.
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
