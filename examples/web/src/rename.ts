// Renaming, with `If-Match`: if the name was changed meanwhile, the user sees both names and chooses.
import { isApiError, type Project } from "projects-api-client";
import { api } from "./api";
import { element, find } from "./dom";
import { onSubmit, showIssues } from "./forms";
import { announce, clearProblem } from "./notices";

/** One opening of the dialog. Its signal ends the requests when the dialog closes. */
interface Renaming {
  project: Project;
  changed: (project: Project) => void;
  signal: AbortSignal;
}

const dialog = find("rename-dialog", HTMLDialogElement);
const form = find("rename-form", HTMLFormElement);
const conflict = find("conflict", HTMLElement);
const takeTheirs = find("take-theirs", HTMLButtonElement);
const submit = find("rename-submit", HTMLButtonElement);
const input = form.elements.namedItem("name") as HTMLInputElement;
let renaming: Renaming;

/** Asks for a project's new name. */
export function rename(project: Project, changed: (project: Project) => void): void {
  const abort = new AbortController();
  renaming = { project, changed, signal: abort.signal };
  dialog.onclose = () => {
    abort.abort();
    clearProblem();
  };
  input.value = project.name;
  showIssues(form, []);
  showConflict(undefined);
  dialog.showModal();
  input.select();
}

onSubmit(form, ({ name = "" }) => save(renaming, name));

async function save(renaming: Renaming, name: string): Promise<void> {
  const { project: read, signal } = renaming;
  try {
    finish(renaming, await api.updateProject(read, { name }, { signal }));
  } catch (error) {
    if (!(isApiError(error) && error.code === "CONFLICT" && error.field === "version")) {
      throw error;
    }
    const theirs = await api.getProject(read, { signal });
    // From here on, a change is one of this version.
    renaming.project = theirs;
    if (theirs.name === name) {
      finish(renaming, theirs);
    } else if (theirs.name !== read.name) {
      showConflict({ yours: name, theirs: theirs.name });
    } else {
      await save(renaming, name);
    }
  }
}

function showConflict(names: { yours: string; theirs: string } | undefined): void {
  takeTheirs.hidden = names === undefined;
  submit.textContent = names ? "Overwrite" : "Rename";
  const line = (label: string, name: string) => [element("dt", {}, label), element("dd", {}, name)];
  const both = names && element("dl", {}, ...line("Theirs", names.theirs), ...line("Yours", names.yours));
  conflict.replaceChildren(...(both ? [element("p", {}, "Someone else renamed this project meanwhile."), both] : []));
}

function finish({ changed }: Renaming, project: Project): void {
  dialog.close();
  changed(project);
  announce(`The project is named ${project.name}`);
}

takeTheirs.onclick = () => finish(renaming, renaming.project);
find("rename-cancel", HTMLButtonElement).onclick = () => dialog.close();
