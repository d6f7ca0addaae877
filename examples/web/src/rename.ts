// Renaming, with `If-Match`: if the name was changed meanwhile, the user sees both names and chooses.
import { isApiError, type Project } from "projects-api-client";
import { api } from "./api";
import { element, find } from "./dom";
import { onSubmit, showIssues } from "./forms";
import { announce } from "./notices";

const dialog = find("rename-dialog", HTMLDialogElement);
const form = find("rename-form", HTMLFormElement);
const conflict = find("conflict", HTMLElement);
const takeTheirs = find("take-theirs", HTMLButtonElement);
const submit = find("rename-submit", HTMLButtonElement);
const input = form.elements.namedItem("name") as HTMLInputElement;
let read: Project;
let changed: (project: Project) => void;

/** Asks for a project's new name. */
export function rename(project: Project, onChange: (project: Project) => void): void {
  read = project;
  changed = onChange;
  input.value = project.name;
  showIssues(form, []);
  showConflict(undefined);
  dialog.showModal();
  input.select();
}

onSubmit(form, ({ name = "" }) => save(name));

async function save(name: string): Promise<void> {
  try {
    finish(await api.updateProject(read, { name }));
  } catch (error) {
    if (!(isApiError(error) && error.code === "CONFLICT" && error.field === "version")) {
      throw error;
    }
    const theirs = await api.getProject(read);
    const renamed = theirs.name !== read.name;
    // From here on, a change is one of this version.
    read = theirs;
    if (theirs.name === name) {
      finish(theirs);
    } else if (renamed) {
      showConflict({ yours: name, theirs: theirs.name });
    } else {
      await save(name);
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

function finish(project: Project): void {
  dialog.close();
  changed(project);
  announce(`The project is named ${project.name}`);
}

takeTheirs.onclick = () => finish(read);
find("rename-cancel", HTMLButtonElement).onclick = () => dialog.close();
