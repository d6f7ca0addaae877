// The page, as its users see it, on a running local stack.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import axe from "axe-core";
import { openTab, servePage, startBrowser, startStack } from "./setup.mjs";

const LIMIT = 10;
const HOSTILE = "<img src=x onerror=alert(1)>";
// Over 4 MiB, so that it goes directly into the bucket.
const LARGE = Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(5_000_000)]);

let stack, page, browser;

before(async () => {
  stack = await startStack({ RATE_LIMIT: `${LIMIT}/6s`, AUTH_LEEWAY_SECONDS: "0" });
  [page, browser] = await Promise.all([servePage(stack.url), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await page?.stop();
  await stack?.stop();
});

// Opens the page as a new user of a new organization, and of others. Violations of its policy and errors of its scripts fail the test.
async function signedIn(context, { seconds, others = [], ...options } = {}) {
  const [user, org] = [`user-${randomUUID()}`, `org-${randomUUID()}`];
  const token = stack.token(user, seconds, [org, ...others]);
  const tab = await openTab(browser, options);
  const problems = [];
  tab.on("pageerror", (error) => problems.push(error.message));
  tab.on(
    "console",
    (line) => line.type() === "error" && !/status of|ERR_/.test(line.text()) && problems.push(line.text()),
  );
  tab.on("dialog", (dialog) => (problems.push(dialog.message()), dialog.dismiss()));
  context.after(async () => {
    await tab.context().close();
    assert.deepEqual(problems, []);
  });
  await tab.goto(page.url);
  await signIn(tab, token);
  await tab.getByText("No projects yet").or(tab.locator("#projects li")).first().waitFor();
  const call = (method, path, body) => request(token, method, `/v1/orgs/${org}/projects${path}`, body);
  return { tab, user, org, token, call };
}

async function signIn(tab, token) {
  await tab.getByLabel("Token").fill(token);
  await tab.getByRole("button", { name: "Sign in" }).click();
}

// Sends a request as another client of the same user.
async function request(token, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(stack.url + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, data: (await response.json().catch(() => ({}))).data };
}

async function create(tab, fields) {
  const form = tab.locator("#create");
  for (const [label, value] of Object.entries(fields)) {
    await form.getByLabel(label).fill(value);
  }
  await form.getByRole("button", { name: "Create project" }).click();
}

// Creates a project in the page and returns it as the API has it.
async function created(session, name = "Apollo") {
  await create(session.tab, { Name: name });
  await session.tab.getByRole("heading", { name, exact: true }).waitFor();
  return (await session.call("GET", "")).data.projects[0];
}

function issue(tab, field) {
  return tab
    .locator("#create")
    .getByLabel(field)
    .evaluate((input) => ({
      text: document.getElementById(input.getAttribute("aria-describedby"))?.textContent,
      invalid: input.ariaInvalid,
      focused: document.activeElement === input,
    }));
}

const pdf = (name, buffer = LARGE) => ({ name, mimeType: "application/pdf", buffer });
const csv = (name, text = "a,b\n1,2\n") => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

// Slows what the tab sends, so that progress is seen.
async function slow(tab, bytesPerSecond) {
  const network = await tab.context().newCDPSession(tab);
  await network.send("Network.enable");
  const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
  await network.send("Network.emulateNetworkConditions", conditions);
}

// Holds the requests of a method whose path ends like this. Returns their release.
async function hold(tab, method, end) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  const held = (url) => url.origin === stack.url && url.pathname.endsWith(end);
  await tab.route(held, async (route) => {
    await (route.request().method() === method && released);
    // The page may have ended it.
    await route.continue().catch(() => {});
  });
  return release;
}

// Waits until the page has sent a request, and for a failed one, until it has ended it.
function sent(tab, method, event = "request") {
  return tab.waitForEvent(event, (request) => request.method() === method && request.url().startsWith(stack.url));
}

async function download(tab, name) {
  const [saved] = await Promise.all([
    tab.waitForEvent("download"),
    tab.getByRole("button", { name: `Download ${name}` }).click(),
  ]);
  assert.equal(saved.suggestedFilename(), name);
  return readFile(await saved.path());
}

test("a refused token is an issue", async () => {
  const tab = await openTab(browser);
  await tab.goto(page.url);
  await signIn(tab, "nonsense");
  await tab.getByText("This is not a token").waitFor();
  const token = stack.token("eve");
  await signIn(tab, token.slice(0, -4) + (token.endsWith("AAAA") ? "BBBB" : "AAAA"));
  await tab.getByText("The API doesn't accept this token").waitFor();
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("Escape");
  assert.ok(await tab.getByLabel("Token").isVisible());
  await tab.context().close();
});

test("issues appear at the fields they name", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  const button = tab.getByRole("button", { name: "Create project" });
  const place = await button.boundingBox();
  await create(tab, { Name: " ", Description: "kept", Color: "red" });
  await tab.getByText("Name is required").waitFor();
  assert.deepEqual(await issue(tab, "Name"), { text: "Name is required", invalid: "true", focused: true });
  assert.match((await issue(tab, "Color")).text, /hex/);
  assert.deepEqual(await button.boundingBox(), place, "the issues move the form");
  assert.deepEqual(await issue(tab, "Description"), { text: "", invalid: "false", focused: false });
  assert.equal(await tab.locator("#create").getByLabel("Description").inputValue(), "kept");

  await create(tab, { Name: "Apollo", Color: "#112233" });
  await tab.getByRole("heading", { name: "Apollo" }).waitFor();
  await create(tab, { Name: "APOLLO", Color: "" });
  await tab.getByText("already exists").waitFor();
  assert.equal((await issue(tab, "Name")).focused, true);
});

test("a hostile name is text", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  await created(session, HOSTILE);
  assert.equal(await tab.locator("#projects strong").innerText(), HOSTILE);
  await tab.getByRole("button", { name: "Delete", exact: true }).click();
  await tab.getByText(`Delete “${HOSTILE}” and its files?`).waitFor();
  assert.equal(await tab.locator("img").count(), 0);
});

test("a conflicting rename shows both names", async (context) => {
  const session = await signedIn(context);
  const { tab, call } = session;
  const { id } = await created(session);
  const dialog = tab.getByRole("dialog", { name: "Rename project" });
  const collide = async (theirs, yours) => {
    await call("PATCH", `/${id}`, { name: theirs });
    await tab.getByRole("button", { name: "Rename" }).click();
    await dialog.getByLabel("Name").fill(yours);
    await dialog.getByRole("button", { name: "Rename" }).click();
    await dialog.getByText("Someone else renamed").waitFor();
    assert.deepEqual(await dialog.locator("dd").allInnerTexts(), [theirs, yours]);
  };
  await collide("Their first", "Your first");
  await dialog.getByRole("button", { name: "Overwrite" }).click();
  await tab.getByRole("heading", { name: "Your first" }).waitFor();
  await collide("Their second", "Your second");
  await dialog.getByRole("button", { name: "Take theirs" }).click();
  await tab.getByRole("heading", { name: "Their second" }).waitFor();
  assert.deepEqual(await tab.locator("#projects strong").allInnerTexts(), ["Their second"]);
  assert.equal((await call("GET", `/${id}`)).data.name, "Their second");
});

test("another field's change is no conflict", async (context) => {
  const session = await signedIn(context);
  const { tab, call } = session;
  const { id } = await created(session);
  await call("PATCH", `/${id}`, { description: "theirs" });
  await tab.getByRole("button", { name: "Rename" }).click();
  await tab.getByRole("dialog").getByLabel("Name").fill("Gemini");
  await tab.getByRole("dialog").getByLabel("Name").press("Enter");
  await tab.getByRole("heading", { name: "Gemini" }).waitFor();
  const { name, description } = (await call("GET", `/${id}`)).data;
  assert.deepEqual([name, description], ["Gemini", "theirs"]);
});

test("a cancelled rename changes no other project", async (context) => {
  const session = await signedIn(context);
  const { tab, call } = session;
  await created(session, "Gamma");
  const { id } = await created(session, "Beta");
  await call("PATCH", `/${id}`, { description: "theirs" });
  const release = await hold(tab, "PATCH", id);
  const dialog = tab.getByRole("dialog");
  const rename = async (name) => {
    await tab.getByRole("button", { name: "Rename" }).click();
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByRole("button", { name: "Rename" }).click();
  };
  await Promise.all([sent(tab, "PATCH"), rename("BetaNew")]);
  await Promise.all([sent(tab, "PATCH", "requestfailed"), dialog.getByRole("button", { name: "Cancel" }).click()]);
  release();
  await tab.getByRole("button", { name: "Gamma" }).click();
  await rename("GammaNew");
  await tab.getByRole("heading", { name: "GammaNew" }).waitFor();
  const { projects } = (await call("GET", "")).data;
  assert.deepEqual(
    projects.map(({ name }) => name),
    ["Beta", "GammaNew"],
  );
  assert.equal(await tab.locator("#problem").innerText(), "");
});

test("a deletion is confirmed", async (context) => {
  const session = await signedIn(context);
  const { tab, call } = session;
  const { id } = await created(session);
  const remove = tab.getByRole("button", { name: "Delete", exact: true });
  const dialog = tab.getByRole("dialog");
  await remove.click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal((await call("GET", `/${id}`)).status, 200);
  await call("PATCH", `/${id}`, { name: "Gemini" });
  await remove.click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await dialog.getByText("was changed meanwhile. Delete “Gemini”").waitFor();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await tab.getByText("No projects yet").waitFor();
  assert.equal((await call("GET", `/${id}`)).status, 404);
});

test("a late deletion leaves other projects listed", async (context) => {
  const session = await signedIn(context);
  const { tab, call } = session;
  const row = (name) => tab.locator("#projects button", { hasText: name });
  const { id } = await created(session, "Apollo");
  await created(session, "Gemini");
  await row("Apollo").click();
  const release = await hold(tab, "DELETE", id);
  const confirm = tab.getByRole("dialog").getByRole("button", { name: "Delete" });
  await tab.getByRole("button", { name: "Delete", exact: true }).click();
  await Promise.all([sent(tab, "DELETE"), confirm.click()]);
  await call("PATCH", `/${id}`, { name: "Mercury" });
  await row("Gemini").click();
  await tab.getByRole("button", { name: "Delete", exact: true }).click();
  release();
  // The second question waits for the reply to the first.
  await row("Mercury").waitFor();
  await tab.getByText("Delete “Gemini” and its files?").waitFor();
  await tab.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await tab.getByText("was changed meanwhile. Delete “Mercury”").waitFor();
  await confirm.click();
  await row("Mercury").waitFor({ state: "detached" });
  assert.deepEqual(await tab.locator("#projects strong").allInnerTexts(), ["Gemini"]);
  assert.ok(await tab.getByRole("heading", { name: "Gemini" }).isVisible());
});

test("a narrow page leads back to the row", async (context) => {
  const session = await signedIn(context, { viewport: { width: 390, height: 844 } });
  const { tab } = session;
  await created(session);
  const row = tab.locator("#projects button");
  assert.ok(await row.isHidden());
  await tab.getByRole("button", { name: "All projects" }).click();
  assert.ok(await row.evaluate((button) => document.activeElement === button));
});

test("uploads show progress and download equal", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  await created(session);
  const sent = [];
  tab.on(
    "request",
    (request) => request.method() !== "GET" && sent.push(`${request.method()} ${new URL(request.url()).pathname}`),
  );
  await tab.evaluate(() => {
    window.seen = [];
    const record = () =>
      document.querySelectorAll("progress").forEach((bar) => window.seen.push([bar.ariaLabel, bar.position]));
    new MutationObserver(record).observe(document.getElementById("uploads"), {
      subtree: true,
      childList: true,
      attributes: true,
    });
  });
  await slow(tab, 4_000_000);
  const small = pdf("small.pdf", LARGE.subarray(0, 2_000_000));
  await tab.locator("#choose").setInputFiles([pdf("large.pdf"), small]);
  await tab.getByRole("button", { name: "Download large.pdf" }).waitFor();
  await tab.getByRole("button", { name: "Download small.pdf" }).waitFor();
  assert.equal(await tab.locator("progress").count(), 0);
  const seen = await tab.evaluate(() => window.seen);
  for (const name of ["large.pdf", "small.pdf"]) {
    assert.ok(
      seen.some(([label, position]) => label.endsWith(name) && position > 0 && position < 1),
      `no progress of ${name}`,
    );
  }
  assert.equal(sent.filter((line) => /^POST .*\/files$/.test(line)).length, 1);
  assert.equal(sent.filter((line) => line.startsWith("PUT ")).length, 1);
  assert.ok((await download(tab, "large.pdf")).equals(LARGE));
  assert.ok((await download(tab, "small.pdf")).equals(small.buffer));
});

test("dropped files are uploaded", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  await created(session);
  const dataTransfer = await tab.evaluateHandle((name) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["a,b\n"], "one.csv", { type: "text/csv" }));
    transfer.items.add(new File(["c,d\n"], name, { type: "text/csv" }));
    return transfer;
  }, `${HOSTILE}.csv`);
  const drop = tab.locator("#drop");
  await drop.dispatchEvent("dragover", { dataTransfer });
  assert.match(await drop.getAttribute("class"), /over/);
  await drop.dispatchEvent("drop", { dataTransfer });
  await tab.getByRole("button", { name: "Download one.csv" }).waitFor();
  await tab.locator("#files").getByText(`${HOSTILE}.csv`).waitFor();
  assert.equal(await tab.locator("img").count(), 0);
  await tab.getByRole("button", { name: "Delete one.csv" }).click();
  await tab.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await tab.getByRole("button", { name: "Download one.csv" }).waitFor({ state: "detached" });
});

test("a cancelled upload leaves no file", async (context) => {
  const session = await signedIn(context);
  const { tab, call } = session;
  const { id } = await created(session);
  await tab.locator("#choose").setInputFiles(csv("rows.csv"));
  await tab.getByRole("button", { name: "Download rows.csv" }).waitFor();
  await slow(tab, 100_000);
  await tab.locator("#choose").setInputFiles(pdf("large.pdf"));
  await tab.getByText(/^Sending, .* of 5MB/).waitFor();
  // A download doesn't leave the page, so the upload goes on without a question.
  assert.equal((await download(tab, "rows.csv")).toString(), "a,b\n1,2\n");
  await Promise.all([
    tab.waitForEvent("requestfailed", (request) => request.method() === "PUT"),
    tab.getByRole("button", { name: "Cancel large.pdf" }).click(),
  ]);
  assert.equal(await tab.locator("#uploads li").count(), 0);
  assert.deepEqual(
    (await call("GET", `/${id}/files`)).data.files.map(({ name }) => name),
    ["rows.csv"],
  );
});

test("a wrong type is told in words", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  await created(session);
  const uploads = tab.getByRole("list", { name: "Uploads" });
  await tab.locator("#choose").setInputFiles([
    { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<p>") },
    { name: "fake.png", mimeType: "image/png", buffer: Buffer.from("no picture") },
  ]);
  await uploads.getByText("Files of this type are not allowed").waitFor();
  await uploads.getByText("The file's content is not of the type it declares").waitFor();
  await uploads.getByRole("button", { name: "Dismiss page.html" }).click();
  assert.equal(await uploads.getByRole("listitem").count(), 1);
});

test("a rate limit counts down", async (context) => {
  const { tab, call } = await signedIn(context);
  const statuses = await Promise.all(
    Array.from({ length: LIMIT + 1 }, (_, index) => call("POST", "", { name: `${index}` })),
  );
  assert.ok(statuses.some(({ status }) => status === 429));
  await create(tab, { Name: "Patient" });
  const waiting = tab.locator("#waiting");
  await waiting.getByText("Too many requests. Trying again").waitFor();
  const seconds = async () => Number(/in (\d+) s/.exec(await waiting.innerText())?.[1] ?? 0);
  const first = await seconds();
  assert.ok(first >= 1 && first <= 7, `${first} s`);
  await tab.waitForFunction((first) => !document.getElementById("waiting").textContent.includes(` ${first} s`), first);
  assert.ok((await seconds()) < first);
  await tab.getByRole("heading", { name: "Patient" }).waitFor();
  assert.equal(await waiting.innerText(), "");
});

// Resolves when the API refuses the token.
async function expiry({ call }) {
  const end = Date.now() + 20_000;
  while ((await call("GET", "/unknown")).status !== 401) {
    assert.ok(Date.now() < end, "the token did not expire");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("an ended session keeps its user's input", async (context) => {
  const [same, other] = await Promise.all([signedIn(context, { seconds: 8 }), signedIn(context, { seconds: 8 })]);
  for (const session of [same, other]) {
    await session.tab.locator("#create").getByLabel("Description").fill("unsaved");
    await expiry(session);
    await create(session.tab, { Name: "Apollo" });
    await session.tab.getByText("Your session has ended").waitFor();
  }
  const { user, org } = same;
  const token = stack.token(user, 600, [org]);
  await signIn(same.tab, token);
  await same.tab.getByRole("heading", { name: "Apollo" }).waitFor();
  const { data } = await request(token, "GET", `/v1/orgs/${org}/projects`);
  assert.deepEqual(
    data.projects.map(({ description }) => description),
    ["unsaved"],
  );

  const stranger = stack.token("stranger", 600, [other.org]);
  await signIn(other.tab, stranger);
  await other.tab.getByText("stranger").waitFor();
  assert.equal(await other.tab.locator("#create").getByLabel("Description").inputValue(), "");
  assert.deepEqual((await request(stranger, "GET", `/v1/orgs/${other.org}/projects`)).data.projects, []);
});

test("signing out forgets the token", async (context) => {
  const { tab } = await signedIn(context);
  await tab.reload();
  await tab.getByText("No projects yet").waitFor();
  await tab.getByRole("button", { name: "Sign out" }).click();
  await tab.getByLabel("Token").waitFor();
  assert.equal(await tab.evaluate(() => sessionStorage.length), 0);
});

test("an unreachable server offers a retry", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  await created(session);
  await tab.context().setOffline(true);
  await create(tab, { Name: "Gemini" });
  await tab.getByText("The server can't be reached. Trying again").waitFor();
  await tab.context().setOffline(false);
  await tab.getByRole("heading", { name: "Gemini" }).waitFor();

  await tab.getByRole("button", { name: "Rename" }).click();
  const dialog = tab.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Mercury");
  await tab.context().setOffline(true);
  await dialog.getByRole("button", { name: "Rename" }).click();
  await dialog.getByText("The server can't be reached.").waitFor();
  await tab.context().setOffline(false);
  await dialog.getByRole("button", { name: "Try again" }).click();
  await tab.getByRole("heading", { name: "Mercury" }).waitFor();
  assert.equal(await tab.locator("#problem").innerText(), "");
});

test("more projects appear on request", async (context) => {
  const { tab, org } = await signedIn(context);
  for (const user of ["a", "b", "c"]) {
    const token = stack.token(`${user}-${org}`, 600, [org]);
    const names = Array.from({ length: LIMIT - 2 }, (_, index) => `${user}${index}`);
    await Promise.all(names.map((name) => request(token, "POST", `/v1/orgs/${org}/projects`, { name })));
  }
  await tab.reload();
  const rows = tab.getByRole("list", { name: "Projects" }).getByRole("listitem");
  await rows.nth(19).waitFor();
  assert.equal(await rows.count(), 20);
  const release = await hold(tab, "GET", "/projects");
  const more = tab.getByRole("button", { name: "Show more" });
  await Promise.all([sent(tab, "GET", "requestfailed"), more.dblclick()]);
  release();
  await rows.nth(23).waitFor();
  assert.equal(await rows.count(), 24);
  assert.ok(await more.isHidden());
});

test("an overtaken listing adds no rows", async (context) => {
  const other = `org-${randomUUID()}`;
  const session = await signedIn(context, { others: [other] });
  const { tab, org } = session;
  await created(session, "Apollo");
  await tab.locator("#choose").setInputFiles(csv("rows.csv"));
  const file = tab.getByRole("button", { name: "Download rows.csv" });
  await file.waitFor();

  const releaseFiles = await hold(tab, "GET", "/files");
  await Promise.all([sent(tab, "GET", "requestfailed"), tab.getByRole("button", { name: "Apollo" }).dblclick()]);
  releaseFiles();
  await file.first().waitFor();
  assert.equal(await file.count(), 1);

  const releaseProjects = await hold(tab, "GET", `/${org}/projects`);
  const organization = tab.locator("#organization");
  await organization.selectOption(other);
  await tab.getByText("No projects yet").waitFor();
  await Promise.all([sent(tab, "GET"), organization.selectOption(org)]);
  await Promise.all([sent(tab, "GET", "requestfailed"), organization.selectOption(other)]);
  await organization.selectOption(org);
  releaseProjects();
  await tab.locator("#projects li").first().waitFor();
  assert.equal(await tab.locator("#projects li").count(), 1);
});

test("a project stays in its organization", async (context) => {
  const other = `org-${randomUUID()}`;
  const { tab } = await signedIn(context, { others: [other] });
  const release = await hold(tab, "POST", "/projects");
  await Promise.all([sent(tab, "POST"), create(tab, { Name: "Apollo" })]);
  await tab.locator("#organization").selectOption(other);
  await tab.locator("#create").getByLabel("Name").fill("Gemini");
  await tab.getByText("No projects yet").waitFor();
  release();
  await tab.getByText("Created Apollo").waitFor();
  assert.equal(await tab.locator("#projects li").count(), 0);
  assert.equal(await tab.locator("#create").getByLabel("Name").inputValue(), "Gemini");
});

test("news during a listing are listed once", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  const releaseProjects = await hold(tab, "GET", "/projects");
  await tab.reload();
  await create(tab, { Name: "Apollo" });
  await tab.getByRole("heading", { name: "Apollo" }).waitFor();
  releaseProjects();
  await tab.locator("#projects[aria-busy=false]").waitFor();
  assert.equal(await tab.locator("#projects li").count(), 1);

  const releaseFiles = await hold(tab, "GET", "/files");
  await tab.getByRole("button", { name: "Apollo" }).click();
  await tab.locator("#choose").setInputFiles(csv("rows.csv"));
  await tab.getByRole("button", { name: "Download rows.csv" }).waitFor();
  releaseFiles();
  await tab.locator("#files[aria-busy=false]").waitFor();
  assert.equal(await tab.locator("#files li").count(), 1);
});

test("a retry that waits is sent once", async (context) => {
  const session = await signedIn(context);
  const { tab } = session;
  await created(session);
  const failing = /\/files$/;
  const headers = { "access-control-allow-origin": new URL(page.url).origin };
  await tab.route(failing, (route) =>
    route.request().method() === "POST" ? route.fulfill({ status: 500, headers }) : route.continue(),
  );
  await tab.locator("#choose").setInputFiles(csv("rows.csv"));
  const retry = tab.getByRole("button", { name: "Retry rows.csv" });
  await retry.waitFor();
  await tab.unroute(failing);

  const release = await hold(tab, "POST", "/files");
  const sending = tab.locator("#uploads").getByText(/^(Sending|Checking)/);
  await tab.locator("#choose").setInputFiles(["a.csv", "b.csv", "c.csv"].map((name) => csv(name)));
  await sending.nth(2).waitFor();
  const posts = [];
  tab.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await retry.dblclick();
  release();
  await tab.getByRole("button", { name: "Download rows.csv" }).waitFor();
  await tab.locator("#uploads:empty").waitFor({ state: "attached" });
  assert.equal(posts.length, 1);
});

for (const colorScheme of ["light", "dark"]) {
  test(`the ${colorScheme} page is accessible`, async (context) => {
    const session = await signedIn(context, { colorScheme });
    const { tab } = session;
    await created(session);
    await tab
      .locator("#choose")
      .setInputFiles([csv("rows.csv"), { name: "fake.png", mimeType: "image/png", buffer: Buffer.from("no") }]);
    await tab.getByRole("button", { name: "Download rows.csv" }).waitFor();
    await tab.getByText("not of the type").first().waitFor();
    await create(tab, { Name: " ", Color: "red" });
    await tab.getByText("Name is required").waitFor();
    await accessible(tab);
    await tab.getByRole("button", { name: "Rename" }).click();
    await accessible(tab);
  });
}

async function accessible(tab) {
  await tab.evaluate(axe.source);
  const { violations } = await tab.evaluate(() => window.axe.run());
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
  );
}
