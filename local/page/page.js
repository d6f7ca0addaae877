// The page: its views, and what it loads when.
import { find, request } from "./dom.js";
import * as data from "./data.js";
import * as overview from "./overview.js";
import * as reference from "./reference.js";
import * as session from "./session.js";

const VIEWS = ["api", "data", "stack"];

// Shows the view that the URL names.
function showView() {
  const shown = VIEWS.find((name) => location.hash === `#${name}`) ?? VIEWS[0];
  for (const name of VIEWS) {
    const [tab, view] = [find(`tab-${name}`), find(`view-${name}`)];
    view.hidden = name !== shown;
    tab.ariaSelected = String(name === shown);
    tab.tabIndex = name === shown ? 0 : -1;
  }
  if (shown === "data") {
    data.load();
  }
}

// Arrow keys move between tabs, as in every list of tabs.
function moveTab({ key, target }) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (step) {
    const at = VIEWS.findIndex((name) => target.id === `tab-${name}`);
    const next = VIEWS[(at + step + VIEWS.length) % VIEWS.length];
    location.hash = next;
    find(`tab-${next}`).focus();
  }
}

function followColors() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

// Reads what runs and who is signed in.
async function loadState() {
  const state = await request("/_local/overview");
  overview.show(state);
  reference.use(state.session);
  session.show(state.session, state.routes);
}

async function loadReference() {
  const { title, version } = (await reference.load()) ?? { title: "Local stack", version: "" };
  document.title = find("title").textContent = title;
  find("address").textContent = `${version} local stack at ${location.host}`;
}

followColors();
showView();
addEventListener("hashchange", showView);
for (const name of VIEWS) {
  find(`tab-${name}`).addEventListener("click", () => (location.hash = name));
  find(`tab-${name}`).addEventListener("keydown", moveTab);
}
find("refresh").addEventListener("click", data.load);
session.listen(loadState);
await Promise.all([loadState(), loadReference()]);
