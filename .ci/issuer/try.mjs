// Tests the service with a real OpenID provider on this machine: its discovery, its JWK set, its tokens, a rotation of its
// keys, and its shutdown. Usage: try.mjs LOCAL, the path of the `local` binary. Prints a line for each check.
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { dirname } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const AUDIENCE = "projects-api";
const KINDS = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS512: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

let failures = 0;

function check(what, found, expected) {
  const good = found === expected;
  failures += good ? 0 : 1;
  console.log(`${good ? "ok  " : "FAIL"} ${what}: ${found}${good ? "" : ` and not ${expected}`}`);
}

// Generates a private key of each kind, with a new id.
function newKeys() {
  return Object.entries(KINDS).map(([alg, generate]) => ({
    ...generate().privateKey.export({ format: "jwk" }),
    alg,
    use: "sig",
    kid: randomUUID(),
  }));
}

function provider(issuer, keys) {
  return new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: "ci",
        client_secret: "known to everybody",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // The last part of the resource names the algorithm of its tokens.
        getResourceServerInfo: (_, resource) => ({
          scope: "",
          audience: AUDIENCE,
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
          jwt: { sign: { alg: resource.split(":").pop() } },
        }),
      },
    },
    extraTokenClaims: () => ({ organizations: ["acme"] }),
  });
}

async function token(issuer, alg) {
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("ci:known%20to%20everybody")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", resource: `urn:projects:${alg}` }),
  });
  const body = await response.json();
  if (!body.access_token) throw new Error(`the provider issued no token: ${JSON.stringify(body)}`);
  return body.access_token;
}

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;
const firstKeys = newKeys();
let current = provider(issuer, firstKeys).callback();
server.on("request", (request, response) => current(request, response));

const stack = spawn(process.argv[2], ["--ephemeral", "--port", "0"], {
  env: { ...process.env, AUTH_ISSUER: issuer, AUTH_AUDIENCE: AUDIENCE, RATE_LIMIT: "1000/10s" },
  // The template is found from here upwards.
  cwd: dirname(process.argv[2]),
  stdio: ["ignore", "pipe", "inherit"],
});
process.on("exit", () => stack.kill());
let api;
for await (const line of createInterface({ input: stack.stdout })) {
  api = line.match(/^listening on (\S+)/)?.[1];
  if (api) break;
}
stack.stdout.resume();
if (!api) throw new Error("the stack did not start");

const list = async (token) =>
  (await fetch(`${api}/v1/orgs/acme/projects`, { headers: { authorization: `Bearer ${token}` } })).status;

const before = {};
for (const alg of Object.keys(KINDS)) {
  before[alg] = await token(issuer, alg);
  check(`a token signed with ${alg}`, await list(before[alg]), 200);
}
const created = await fetch(`${api}/v1/orgs/acme/projects`, {
  method: "POST",
  headers: { authorization: `Bearer ${before.RS256}`, "content-type": "application/json" },
  body: JSON.stringify({ name: "Apollo" }),
});
check("a project created with one", created.status, 201);
check("its creator", (await created.json()).data?.createdBy, "ci");
const elsewhere = await fetch(`${api}/v1/orgs/umbrella/projects`, { headers: { authorization: `Bearer ${before.RS256}` } });
check("another organization", elsewhere.status, 403);
check("a token that was tampered with", await list(before.ES256.replace(/.{6}$/, "AAAAAA")), 401);

// Rotates the keys as providers do: new ones come first, old ones stay for a while.
current = provider(issuer, [...newKeys(), ...firstKeys]).callback();
for (const alg of Object.keys(KINDS)) {
  const after = await token(issuer, alg);
  check(`a token of the new ${alg} key is another`, after.split(".")[0] !== before[alg].split(".")[0], true);
  check(`a token signed with the new ${alg} key`, await list(after), 200);
  check(`a token signed with the old ${alg} key`, await list(before[alg]), 200);
}

current = provider(issuer, newKeys()).callback();
check("a token of a key that was never published before", await list(await token(issuer, "ES256")), 401);

server.close();
server.closeAllConnections();
for (const alg of Object.keys(KINDS)) {
  check(`a ${alg} token while the issuer is down`, await list(before[alg]), 200);
}
console.log(failures ? `${failures} failed` : "all as expected");
process.exit(failures ? 1 : 0);
