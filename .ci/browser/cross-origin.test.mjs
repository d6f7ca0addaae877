// What a page on another origin can do and read on the local stack.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { openTab, startBrowser, startStack } from "./setup.mjs";

// More requests than a tour sends to one route.
const LIMIT = 4;

let stack, browser, server;

before(async () => {
  stack = await startStack({ RATE_LIMIT: `${LIMIT}/3600s` });
  browser = await startBrowser();
  server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html>"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

after(async () => {
  await browser?.close();
  server?.close();
  await stack?.stop();
});

// Calls the API from a page at this host, as a front end does, and returns the responses that the page can read.
async function visit(host, user) {
  const tab = await openTab(browser);
  await tab.goto(`http://${host}:${server.address().port}/`);
  const api = stack.url.replace("127.0.0.1", "localhost");
  return tab.evaluate(tour, { api, token: stack.token(user, "acme"), busy: stack.token(`busy-${user}`, "acme") });
}

// Runs in the page.
async function tour({ api, token, busy }) {
  document.cookie = `auth=${token}; path=/; SameSite=Lax`;

  async function call(path, init) {
    try {
      const response = await fetch(`${api}/v1/orgs/acme/projects${path}`, init);
      return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.json() };
    } catch (error) {
      return { status: error.name, headers: {}, body: {} };
    }
  }

  async function carry(name, { headers, ...carrier }) {
    const create = { method: "POST", ...carrier, body: JSON.stringify({ name }) };
    create.headers = { ...headers, "content-type": "application/json", "idempotency-key": name };
    const form = new FormData();
    form.append("file", new File(["hello"], "hello.txt", { type: "text/plain" }));
    const list = await call("", { ...carrier, headers });
    const created = await call("", create);
    const upload = await call(`/${created.body.data?.id}/files`, { method: "POST", ...carrier, headers, body: form });
    return { list, create: created, upload };
  }

  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const bearer = await carry("bearer", { headers: { authorization: `Bearer ${token}`, traceparent } });
  const cookie = await carry("cookie", { credentials: "include" });
  const anonymous = { list: await call("", {}) };
  const calls = [];
  do {
    calls.push(await call("", { headers: { authorization: `Bearer ${busy}` } }));
  } while (calls.at(-1).status === 200);
  return { bearer, cookie, anonymous, busy: { last: calls.at(-1) } };
}

function assertRateLimit({ headers }) {
  assert.equal(headers["ratelimit-policy"], `"default";q=${LIMIT};w=3600`);
  assert.match(headers.ratelimit, /^"default";r=\d+;t=\d+$/);
}

test("an allowed page reads and writes, by token and by cookie", async () => {
  const { bearer, cookie, anonymous, busy } = await visit("localhost", "page");
  for (const [carrier, { list, create, upload }] of Object.entries({ bearer, cookie })) {
    assert.deepEqual([list.status, Array.isArray(list.body.data?.projects)], [200, true], carrier);
    assert.deepEqual([create.status, create.body.data?.name, create.headers.etag], [201, carrier, '"1"']);
    assert.deepEqual([upload.status, upload.body.data?.contentType], [201, "text/plain"], carrier);
    assert.equal(typeof list.headers["x-request-id"], "string");
    assertRateLimit(list);
  }
  const { list } = anonymous;
  assert.deepEqual([list.status, list.body.error?.code, list.headers["www-authenticate"]], [401, "UNAUTHORIZED", "Bearer"]);
  assert.deepEqual([busy.last.status, busy.last.body.error?.code], [429, "RATE_LIMITED"]);
  assert.ok(Number(busy.last.headers["retry-after"]) > 0);
  assertRateLimit(busy.last);
});

// A browser hides a response from pages of origins that CORS does not allow.
test("another page reads nothing", async () => {
  for (const [carrier, calls] of Object.entries(await visit("elsewhere.example", "other"))) {
    for (const [call, { status }] of Object.entries(calls)) {
      assert.equal(status, "TypeError", `${call}, ${carrier}`);
    }
  }
});
