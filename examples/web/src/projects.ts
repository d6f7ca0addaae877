// The list of projects, a page at a time, and the form that creates one.
import type { Project } from "projects-api-client";
import { api } from "./api";
import { element, find } from "./dom";
import { onSubmit } from "./forms";
import { announce, attempt } from "./notices";
import { closeProject, openProject, type Listed } from "./project";

const list = find("projects", HTMLUListElement);
const more = find("more", HTMLButtonElement);
const create = find("create", HTMLFormElement);
let organization = "";
let listing = new AbortController();
let nextCursor: string | null = null;
let idempotencyKey: string | undefined;

/** Shows the projects of an organization. */
export async function showProjects(orgId: string): Promise<void> {
  organization = orgId;
  nextCursor = null;
  list.replaceChildren();
  list.ariaBusy = "true";
  more.hidden = true;
  closeProject();
  await attempt(showPage);
}

// A second click, or another organization, ends the call before.
async function showPage(): Promise<void> {
  listing.abort();
  listing = new AbortController();
  const { signal } = listing;
  const page = await api.listProjects(organization, { limit: 20, cursor: nextCursor, signal });
  list.append(...page.projects.map(row));
  list.ariaBusy = "false";
  nextCursor = page.nextCursor;
  more.hidden = nextCursor === null;
}

// The same input keeps its key, so that sending it again after a failure creates one project. Input that comes while it
// is sent stays in the form.
create.addEventListener("input", () => (idempotencyKey = undefined));
onSubmit(create, async ({ name = "", description, color }) => {
  const key = (idempotencyKey ??= crypto.randomUUID());
  const optional = { ...(description && { description }), ...(color && { color }) };
  const project = await api.createProject(organization, { name, ...optional }, { idempotencyKey: key });
  if (idempotencyKey === key) {
    idempotencyKey = undefined;
    create.reset();
  }
  announce(`Created ${project.name}`);
  if (project.orgId !== organization) {
    return;
  }
  const item = row(project);
  list.prepend(item);
  item.querySelector("button")?.click();
});

// A project that was created during the listing has its row already, which then moves to its place.
function row(project: Project): HTMLElement {
  const known = document.getElementById(project.id);
  if (known) {
    return known;
  }
  const swatch = element("span", { className: "swatch" });
  const name = element("strong", {});
  const description = element("small", {});
  const button = element("button", { className: "row" }, swatch, name, description);
  const item = element("li", { id: project.id }, button);
  const listed: Listed = {
    changed(changed) {
      project = changed;
      swatch.style.background = changed.color ?? "";
      name.textContent = changed.name;
      description.textContent = changed.description ?? "";
    },
    opened: () => (button.ariaCurrent = "true"),
    closed() {
      button.ariaCurrent = "false";
      button.focus();
    },
    deleted() {
      const neighbor = item.nextElementSibling ?? item.previousElementSibling;
      if (document.activeElement === button) {
        neighbor?.querySelector("button")?.focus();
      }
      item.remove();
    },
  };
  listed.changed(project);
  button.onclick = () => openProject(project, listed);
  return item;
}

more.onclick = () => attempt(showPage);
