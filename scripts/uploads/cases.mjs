// Uploads every case of cases.json with Node's fetch, FormData and File, which are the browsers', and compares the
// answers. Usage: cases.mjs URL TOKEN, where URL is that of a project's files.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const [url, token] = process.argv.slice(2);
const cases = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8"));

function content({ size, base64, text }) {
  if (size !== undefined) return Buffer.alloc(size, "x");
  return base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64");
}

async function send({ fields = {}, files }) {
  const form = new FormData();
  for (const [name, text] of Object.entries(fields)) form.append(name, text);
  for (const file of files) form.append("file", new File([content(file)], file.name, { type: file.type }));
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(url, { method: "POST", headers, body: form });
  return found(answer.status, await answer.json());
}

function found(status, { data, error }) {
  if (status !== 201) return [status, error?.code];
  return [status, data.name, data.contentType, data.size, data.sha256];
}

function expected({ status, code, name, files: [file] }) {
  if (status !== 201) return [status, code];
  const sent = content(file);
  const sha256 = createHash("sha256").update(sent).digest("hex");
  return [status, name, file.type.split(";")[0], sent.length, sha256];
}

for (const upload of cases) {
  const [wanted, got] = [expected(upload), await send(upload)];
  const equal = JSON.stringify(got) === JSON.stringify(wanted);
  if (!equal) process.exitCode = 1;
  console.log(`fetch: ${upload.what}: ${got.slice(0, 2)}: ${equal ? "ok" : `EXPECTED ${wanted}, got ${got}`}`);
}
