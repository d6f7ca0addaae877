// One project: its name, and its end.
import { isApiError, type Project } from "projects-api-client";
import { api } from "./api";
import { confirmed, find } from "./dom";
import { showFiles } from "./files";
import { announce, attempt } from "./notices";
import { rename } from "./rename";

/** A project's row in the list, which follows what happens to the project. */
export interface Listed {
  changed(project: Project): void;
  opened(): void;
  closed(): void;
  deleted(): void;
}

const section = find("project", HTMLElement);
const heading = find("project-name", HTMLElement);
let open: { project: Project; listed: Listed } | undefined;

/** Shows a project with its files. */
export function openProject(project: Project, listed: Listed): void {
  closeProject();
  show(project, listed);
  listed.opened();
  section.hidden = false;
  heading.focus();
  void showFiles(project);
}

/** Shows no project. */
export function closeProject(): void {
  open?.listed.closed();
  open = undefined;
  section.hidden = true;
  void showFiles(undefined);
}

function show(project: Project, listed: Listed): void {
  open = { project, listed };
  heading.textContent = project.name;
  find("project-description", HTMLElement).textContent = project.description ?? "";
}

function changed(project: Project): void {
  if (open?.project.id === project.id) {
    show(project, open.listed);
    open.listed.changed(project);
  }
}

async function remove(project: Project, question: string): Promise<void> {
  if (!(await confirmed(question))) {
    return;
  }
  try {
    await api.deleteProject(project);
  } catch (error) {
    // Somebody changed it after this page had read it: ask again, about the project as it is.
    if (isApiError(error) && error.code === "CONFLICT" && error.field === "version") {
      const current = await api.getProject(project);
      changed(current);
      return remove(current, `This project was changed meanwhile. Delete “${current.name}” nevertheless?`);
    }
    throw error;
  }
  open?.listed.deleted();
  closeProject();
  announce(`Deleted ${project.name}`);
}

find("rename", HTMLButtonElement).onclick = () => open && rename(open.project, changed);
find("delete", HTMLButtonElement).onclick = () =>
  attempt(async () => open && remove(open.project, `Delete “${open.project.name}” and its files?`));
find("back", HTMLButtonElement).onclick = closeProject;
