// The page of the local stack, as its users see it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { openTab, startBrowser, startStack } from "./setup.mjs";

const LIMIT = 3;
// An image, which is no text.
const IMAGE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PNG = Buffer.from(IMAGE, "base64");

let stack, browser;

before(async () => {
  stack = await startStack({ RATE_LIMIT: `${LIMIT}/3600s` });
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

// Opens the page and signs in a user, who has a limit of their own. Violations of its policy and errors of its scripts fail
// the test.
async function signedIn(context, user, organization = "acme") {
  const tab = await openTab(browser);
  const problems = [];
  tab.on("pageerror", (error) => problems.push(error.message));
  // Chromium logs responses with an error status too.
  tab.on("console", (line) => line.type() === "error" && !line.text().includes("status of") && problems.push(line.text()));
  tab.on("dialog", (dialog) => problems.push(dialog.message()));
  context.after(() => assert.deepEqual(problems, []));
  await tab.goto(stack.url);
  await tab.getByLabel("User").fill(user);
  await tab.getByLabel("Organizations").fill(organization);
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.getByText("Signed in").waitFor();
  return tab;
}

// Opens an operation of the reference.
async function operation(tab, method, path) {
  const block = tab.locator(`.opblock-${method}`).filter({ has: tab.locator(`[data-path="${path}"]`) });
  await block.locator(".opblock-summary-control").click();
  await block.getByRole("button", { name: "Execute" }).waitFor();
  return block;
}

// Sends the request of an open operation and returns its response as the page shows it.
async function execute(block) {
  await block.getByRole("button", { name: "Execute" }).click();
  const response = block.locator(".live-responses-table");
  await response.waitFor();
  return response;
}

async function status(response) {
  return Number(await response.locator("tbody .response-col_status").innerText());
}

async function create(tab, body) {
  const block = await operation(tab, "post", "/v1/orgs/{orgId}/projects");
  await block.locator("textarea.body-param__text").fill(JSON.stringify(body));
  return execute(block);
}

async function bodyOf(response) {
  return JSON.parse(await response.locator(".response-col_description pre").first().innerText());
}

async function rows(tab, kind) {
  await tab.getByRole("tab", { name: "Data" }).click();
  return tab.getByRole("region", { name: kind });
}

test("a user signs in and out", async (context) => {
  const tab = await signedIn(context, "ann");
  const cookie = (await tab.context().cookies()).find(({ name }) => name === "auth");
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, "Lax", "/"]);
  assert.equal(await tab.getByRole("textbox", { name: "Token" }).inputValue(), cookie.value);
  const list = () => tab.evaluate(async () => (await fetch("/v1/orgs/acme/projects")).status);
  assert.equal(await list(), 200);
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByRole("button", { name: "Sign in" }).waitFor();
  assert.equal(await list(), 401);
});

test("the copied line for the shell runs", async (context) => {
  const tab = await signedIn(context, "ben", "o'neil");
  const line = await tab.getByRole("textbox", { name: "For the shell" }).inputValue();
  const [, url, authorization] = line.match(/^curl '([^']+)' -H 'Authorization: ([^']+)'$/);
  assert.equal((await fetch(url, { headers: { authorization } })).status, 200);
});

test("a project is created by trying it", async (context) => {
  const tab = await signedIn(context, "cleo");
  const response = await create(tab, { name: "Tried" });
  assert.equal(await status(response), 201);
  const { data } = await bodyOf(response);
  assert.deepEqual([data.name, data.createdBy], ["Tried", "cleo"]);
  const get = await operation(tab, "get", "/v1/orgs/{orgId}/projects/{projectId}");
  assert.equal(await status(await execute(get)), 200);
  await (await rows(tab, "PROJECT in projects-table")).getByRole("cell", { name: "Tried", exact: true }).waitFor();
});

test("issues of a bad request are shown", async (context) => {
  const tab = await signedIn(context, "dan");
  const response = await create(tab, { name: "", color: "red" });
  assert.equal(await status(response), 400);
  const { issues } = (await bodyOf(response)).error;
  assert.deepEqual(issues.map(({ path, code }) => `${path}: ${code}`).sort(), ["color: invalid_format", "name: too_small"]);
});

test("a file is uploaded, seen and downloaded", async (context) => {
  const tab = await signedIn(context, "eve");
  assert.equal(await status(await create(tab, { name: "With a file" })), 201);
  const upload = await operation(tab, "post", "/v1/orgs/{orgId}/projects/{projectId}/files");
  await upload.locator("input[type=file]").setInputFiles({ name: "pixel.png", mimeType: "image/png", buffer: PNG });
  assert.equal(await status(await execute(upload)), 201);

  await (await rows(tab, "FILE in projects-table")).getByRole("cell", { name: "pixel.png" }).waitFor();
  const objects = (await rows(tab, "Objects in uploads-bucket")).getByRole("row").nth(1);
  assert.match(await objects.innerText(), new RegExp(`^orgs/acme/\\S+\\s+${PNG.length} B\\s+image/png`));

  await tab.getByRole("tab", { name: "API" }).click();
  const content = await operation(tab, "get", "/v1/orgs/{orgId}/projects/{projectId}/files/{fileId}/content");
  const response = await execute(content);
  const [download] = await Promise.all([tab.waitForEvent("download"), response.getByText("Download file").click()]);
  assert.deepEqual(await readFile(await download.path()), PNG);
});

test("the limit is shown with its time", async (context) => {
  const tab = await signedIn(context, "finn");
  const list = await operation(tab, "get", "/v1/orgs/{orgId}/projects");
  const statuses = [];
  for (let count = 0; count <= LIMIT; count += 1) {
    const arrived = tab.waitForResponse((response) => response.url().includes("/v1/orgs/acme/projects"));
    await list.getByRole("button", { name: "Execute" }).click();
    statuses.push((await arrived).status());
  }
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  const response = list.locator(".live-responses-table").filter({ hasText: "RATE_LIMITED" });
  await response.waitFor();
  assert.match(await response.innerText(), /retry-after: [1-9]\d*/);
});

test("names in rows stay text", async (context) => {
  const tab = await signedIn(context, "gus");
  const name = "<img src=x onerror=alert(1)>";
  assert.equal(await status(await create(tab, { name })), 201);
  await (await rows(tab, "PROJECT in projects-table")).getByRole("cell", { name, exact: true }).waitFor();
  assert.equal(await tab.locator("main img").count(), 0);
});

test("arrow keys move between the views", async (context) => {
  const tab = await signedIn(context, "hal");
  await tab.getByRole("tab", { name: "API" }).focus();
  await tab.keyboard.press("ArrowLeft");
  await tab.getByRole("cell", { name: "clean-up" }).waitFor();
  assert.equal(await tab.evaluate(() => document.activeElement.id), "tab-stack");
});
