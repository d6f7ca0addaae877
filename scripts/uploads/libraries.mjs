// Uploads files as each library's documentation does. Usage: libraries.mjs LIBRARY URL TOKEN FILE...
import { createReadStream, readFileSync } from "node:fs";
import { basename } from "node:path";
import axios from "axios";
import NodeFormData from "form-data";
import superagent from "superagent";

const TYPES = { png: "image/png", jpg: "image/jpeg", csv: "text/csv", txt: "text/plain", pdf: "application/pdf" };
const [library, url, token, ...paths] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };

async function withFetch(blob, name) {
  const form = new FormData();
  form.append("file", blob, name);
  const response = await fetch(url, { method: "POST", headers, body: form });
  return [response.status, await response.text()];
}

const libraries = {
  // As a page gets it from an input.
  file: (path, name) => withFetch(new File([readFileSync(path)], name, { type: TYPES[name.split(".")[1]] }), name),
  blob: (path, name) => withFetch(new Blob([readFileSync(path)]), name),
  async axios(path) {
    const form = new NodeFormData();
    form.append("file", createReadStream(path));
    const response = await axios.post(url, form, { headers, validateStatus: null });
    return [response.status, JSON.stringify(response.data)];
  },
  async superagent(path) {
    const response = await superagent.post(url).set(headers).attach("file", path).ok(() => true);
    return [response.status, response.text];
  },
};

for (const path of paths) console.log(...(await libraries[library](path, basename(path))));
