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

interface Opened {
  project: Project;
  listed: Listed;
}

const section = find("project", HTMLElement);
const heading = find("project-name", HTMLElement);
let open: Opened | undefined;

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
  section.hidden = true;
  open?.listed.closed();
  open = undefined;
  void showFiles(undefined);
}

function show(project: Project, listed: Listed): void {
  open = { project, listed };
  heading.textContent = project.name;
  find("project-description", HTMLElement).textContent = project.description ?? "";
}

function changed(project: Project, listed: Listed): void {
  listed.changed(project);
  if (open?.listed === listed) {
    show(project, listed);
  }
}

// Another project may be open when the response comes.
async function remove({ project, listed }: Opened, question: string): Promise<void> {
  if (!(await confirmed(question))) {
    return;
  }
  try {
    await api.deleteProject(project);
  } catch (error) {
    // Somebody changed it after this page had read it: ask again, about the project as it is.
    if (isApiError(error) && error.code === "CONFLICT" && error.field === "version") {
      const current = await api.getProject(project);
      changed(current, listed);
      const again = `This project was changed meanwhile. Delete “${current.name}” nevertheless?`;
      return remove({ project: current, listed }, again);
    }
    throw error;
  }
  if (open?.listed === listed) {
    closeProject();
  }
  listed.deleted();
  announce(`Deleted ${project.name}`);
}

function renameOpen({ project, listed }: Opened): void {
  rename(project, (renamed) => changed(renamed, listed));
}

find("rename", HTMLButtonElement).onclick = () => open && renameOpen(open);
find("delete", HTMLButtonElement).onclick = () =>
  attempt(async () => open && remove(open, `Delete “${open.project.name}” and its files?`));
find("back", HTMLButtonElement).onclick = closeProject;
