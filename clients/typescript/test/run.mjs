// Starts the local stack and runs the compiled tests against it.
// Usage: run.mjs LOCAL [CHROMIUM], the paths of the `local` binary and of a Chromium for the test in a page.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

const [local = "../../target/debug/local", chromium = ""] = process.argv.slice(2);
const env = {
  ...process.env,
  LOCAL: resolve(local),
  CHROMIUM: chromium,
  RATE_LIMIT: "8/3s",
  AUTH_LEEWAY_SECONDS: "0",
  LOG_LEVEL: "error",
  CORS_ORIGINS: "",
  TRUSTED_ORIGINS: "",
};

async function listening(stack) {
  for await (const line of createInterface({ input: stack.stdout })) {
    if (line.startsWith("listening on ")) {
      stack.stdout.resume();
      return line.slice("listening on ".length);
    }
  }
  throw new Error("the stack did not start");
}

// The template is found from the binary's folder upwards.
const stack = spawn(env.LOCAL, ["--ephemeral", "--port", "0"], {
  env,
  cwd: dirname(env.LOCAL),
  stdio: ["ignore", "pipe", "pipe"],
});
const log = text(stack.stderr);
try {
  const API = await listening(stack);
  const tests = spawn(process.execPath, ["--test", "--test-reporter", "spec", "dist/tests/"], {
    env: { ...env, API },
    stdio: "inherit",
  });
  const [code] = await once(tests, "exit");
  // A signal ends them without a code.
  process.exitCode = code ?? 1;
} finally {
  stack.kill();
  if (process.exitCode !== 0) {
    console.error(await log);
  }
}
