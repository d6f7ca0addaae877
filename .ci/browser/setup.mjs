// A local stack and a browser for tests. The variables LOCAL and CHROMIUM are the paths of both programs.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { LOCAL, CHROMIUM } = process.env;
// Bound of every wait for an element, a request or a download. The first may wait until a function is built.
const PATIENCE_MS = 120_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  // A host name of another site.
  "--host-resolver-rules=MAP elsewhere.example 127.0.0.1",
];

// Starts a stack of the template above LOCAL, with these variables. `token` makes a token of its issuer.
export async function startStack(variables) {
  // Counts every request, on a busy machine too.
  const limit = { RATE_LIMIT_TIMEOUT_MS: "4000" };
  const env = { ...process.env, CORS_ORIGINS: "", TRUSTED_ORIGINS: "", LOG_LEVEL: "error", ...limit, ...variables };
  const cwd = dirname(LOCAL);
  const stack = spawn(LOCAL, ["--port", "0", "--ephemeral"], { env, cwd, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(stack, "exit");
  const token = (user, organization) =>
    execFileSync(LOCAL, ["token", "--user", user, "--org", organization], { env, encoding: "utf8" }).trim();
  const stop = () => (stack.kill(), ended);
  for await (const line of createInterface({ input: stack.stdout })) {
    if (line.startsWith("listening on ")) {
      stack.stdout.resume();
      return { url: line.slice("listening on ".length), token, stop };
    }
  }
  throw new Error("the stack did not start");
}

export function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

// Opens a tab with a profile of its own.
export async function openTab(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(PATIENCE_MS);
  return context.newPage();
}
