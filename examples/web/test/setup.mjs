// A local stack, the built page and a browser for tests. LOCAL and CHROMIUM may name both programs.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOCAL = process.env.LOCAL ?? join(ROOT, "../../target/debug/local");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
// Bound of every wait for an element, a request or a download.
const PATIENCE_MS = 20_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];

// Starts a stack with these variables. `token` makes a token of its issuer.
export async function startStack(variables) {
  // Counts every request, on a busy machine too.
  const limit = { RATE_LIMIT_TIMEOUT_MS: "4000" };
  const env = { ...process.env, CORS_ORIGINS: "", TRUSTED_ORIGINS: "", LOG_LEVEL: "error", ...limit, ...variables };
  const cwd = dirname(LOCAL);
  const stack = spawn(LOCAL, ["--port", "0", "--ephemeral"], { env, cwd, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(stack, "exit");
  const token = (user, seconds = 3600, organizations = ["acme"]) => {
    const options = organizations.flatMap((name) => ["--org", name]);
    const args = ["token", "--user", user, "--expires-in", String(seconds), ...options];
    return execFileSync(LOCAL, args, { env, encoding: "utf8" }).trim();
  };
  const stop = () => (stack.kill(), ended);
  for await (const line of createInterface({ input: stack.stdout })) {
    if (line.startsWith("listening on ")) {
      stack.stdout.resume();
      return { url: line.slice("listening on ".length), token, stop };
    }
  }
  throw new Error("the stack did not start");
}

// Builds the page for an API and serves it, with the policy that the README recommends.
export async function servePage(api) {
  process.env.VITE_API = api;
  const outDir = await mkdtemp(join(tmpdir(), "web-"));
  const policy = `default-src 'self'; connect-src 'self' http://127.0.0.1:*; frame-src http://127.0.0.1:*; img-src data:; require-trusted-types-for 'script'`;
  const headers = { "content-security-policy": policy };
  const options = {
    root: ROOT,
    logLevel: "error",
    build: { outDir },
    preview: { host: "127.0.0.1", port: 0, headers },
  };
  await build(options);
  const server = await preview(options);
  const stop = async () => {
    await server.close();
    await rm(outDir, { recursive: true, force: true });
  };
  return { url: server.resolvedUrls.local[0], stop };
}

export function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

// Opens a tab with a profile of its own.
export async function openTab(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  return context.newPage();
}
