// The files of a project: all of them, page by page, with download and deletion.
import type { Project, ProjectFile } from "projects-api-client";
import { api } from "./api";
import { confirmed, day, element, find, size } from "./dom";
import { announce, attempt } from "./notices";
import { uploadTo } from "./uploads";

const list = find("files", HTMLUListElement);
let shown: Project | undefined;
let listing = new AbortController();

/** Shows the files of a project, or of none. */
export async function showFiles(project: Project | undefined): Promise<void> {
  listing.abort();
  shown = project;
  uploadTo(project, addFile);
  list.replaceChildren();
  if (project) {
    await attempt(() => listFiles(project));
  }
}

async function listFiles(project: Project): Promise<void> {
  listing = new AbortController();
  list.replaceChildren();
  list.ariaBusy = "true";
  for await (const file of api.files(project, { limit: 100, signal: listing.signal })) {
    list.append(row(file));
  }
  list.ariaBusy = "false";
}

function addFile(file: ProjectFile): void {
  if (file.projectId === shown?.id) {
    list.prepend(row(file));
  }
}

// A file that was uploaded during the listing has its row already, which then moves to its place.
function row(file: ProjectFile): HTMLElement {
  const known = document.getElementById(file.id);
  if (known) {
    return known;
  }
  const { id, name, contentType } = file;
  const facts = element("small", {}, `${contentType} · ${size(file.size)} · ${day(file.createdAt)}`);
  const get = element("button", { ariaLabel: `Download ${name}` }, "Download");
  const remove = element("button", { ariaLabel: `Delete ${name}`, className: "danger" }, "Delete");
  const text = element("div", { className: "row" }, element("strong", {}, name), facts);
  const item = element("li", { id }, text, get, remove);
  get.onclick = () => attempt(() => download(file));
  remove.onclick = () => attempt(() => deleteFile(file, item));
  return item;
}

// The browser stores the bytes while they arrive, because the bucket sends them as an attachment. In a frame, the page
// isn't left, and uploads go on.
async function download(file: ProjectFile): Promise<void> {
  const { download } = await api.getFile(file);
  find("download", HTMLIFrameElement).src = download.url;
}

async function deleteFile(file: ProjectFile, item: HTMLElement): Promise<void> {
  if (await confirmed(`Delete “${file.name}”?`)) {
    await api.deleteFile(file);
    item.remove();
    announce(`Deleted ${file.name}`);
  }
}
