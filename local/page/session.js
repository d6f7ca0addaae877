// The signed-in user: sign in, sign out, the token and a request to copy.
import { copyButton, element, find, request } from "./dom.js";

const PATH = "/_local/session";

// Calls `changed` after each change of the session.
export function listen(changed) {
  find("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    send({ method: "POST", body: JSON.stringify(fields(event.target)) }, changed);
  });
  find("account").addEventListener("click", ({ target }) => {
    if (target.name === "sign-out") {
      send({ method: "DELETE" }, changed);
    }
  });
}

async function send(init, changed) {
  try {
    await request(PATH, init);
    find("session-error").textContent = "";
    await changed();
  } catch (error) {
    find("session-error").textContent = error.message;
  }
}

function fields(form) {
  const { user, organizations, roles, token } = form.elements;
  if (token.required) {
    return { token: token.value };
  }
  return { user: user.value, organizations: list(organizations.value), roles: list(roles.value) };
}

function list(text) {
  return text.split(",").map((name) => name.trim()).filter(Boolean);
}

export function show(session, routes) {
  const { elements } = find("sign-in");
  find("as-user").hidden = elements.user.disabled = !session.issuesTokens;
  find("by-token").hidden = session.issuesTokens;
  elements.token.required = !session.issuesTokens;
  find("issuer").textContent = session.issuer ?? "an external issuer";
  find("account").hidden = !session.token;
  find("sign-in").hidden = Boolean(session.token);
  find("session-title").textContent = session.token ? "Signed in" : "Sign in";
  find("account").replaceChildren(...(session.token ? account(session, routes) : []));
}

function account({ user, organizations, roles, expires, token, cookie }, routes) {
  const curl = `curl '${example(routes, organizations[0])}' -H 'Authorization: Bearer ${token}'`;
  return [
    element("p", { className: "bar" },
      element("strong", { className: "user" }, user ?? "a token without a user"),
      element("button", { type: "button", name: "sign-out" }, "Sign out")),
    element("p", {}, ...badges(organizations, "badge"), ...badges(roles, "badge role")),
    element("p", { className: "hint" }, `Cookie ${cookie}${until(expires)}`),
    ...copyable("Token", token),
    ...copyable("For the shell", curl),
  ];
}

// A text in a box, and a button that copies it.
function copyable(name, text) {
  return [
    element("p", { className: "bar" }, element("span", { className: "hint" }, name), copyButton("Copy", () => text)),
    element("textarea", { readOnly: true, rows: 3, value: text, ariaLabel: name }),
  ];
}

function badges(names, className) {
  return names.map((name) => element("span", { className }, name));
}

function until(expires) {
  if (!expires) {
    return "";
  }
  const time = new Date(expires * 1000);
  return time > new Date() ? `, until ${time.toLocaleTimeString([], { timeStyle: "short" })}` : ", expired";
}

// URL of a route that reads and needs no id, as the organization.
function example(routes, organization) {
  const path = ({ path }) => path.replace("{orgId}", encodeURIComponent(organization ?? "acme").replaceAll("'", "%27"));
  const readable = routes.filter(({ method }) => method === "GET").map((route) => [route.path, path(route)]);
  const ready = readable.filter(([, path]) => !path.includes("{"));
  const [, chosen] = ready.find(([template]) => template.includes("{orgId}")) ?? ready[0] ?? ["", "/"];
  return `${location.origin}${chosen}`;
}
