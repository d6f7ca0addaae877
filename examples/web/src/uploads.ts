// Uploads: several at a time, by button or by drag and drop, each with progress, cancel and retry.
import { mayRetry, type Progress, type Project, type ProjectFile } from "projects-api-client";
import { api } from "./api";
import { element, find, size } from "./dom";
import { announce, explain } from "./notices";

// Browsers open six connections to a host. Half of them stay free for the rest of the page.
const AT_A_TIME = 3;

const list = find("uploads", HTMLUListElement);
const drop = find("drop", HTMLElement);
const choose = find("choose", HTMLInputElement);
const queue: (() => Promise<void>)[] = [];
let running = 0;
let target: Project | undefined;
let uploaded: (file: ProjectFile) => void;

/** Sets the project that chosen files go to. */
export function uploadTo(project: Project | undefined, onUploaded: (file: ProjectFile) => void): void {
  target = project;
  uploaded = onUploaded;
}

function add(files: Iterable<File>): void {
  for (const file of files) {
    if (target) {
      start(target, file);
    }
  }
}

function start(project: Project, file: File): void {
  const abort = new AbortController();
  // One key for all attempts: a retry goes on where the last attempt ended.
  const options = { idempotencyKey: crypto.randomUUID(), signal: abort.signal };
  const bar = element("progress", { max: file.size, value: 0, ariaLabel: `Upload of ${file.name}` });
  const state = element("small", {});
  const retry = element("button", { ariaLabel: `Retry ${file.name}` }, "Retry");
  const cancel = element("button", {});
  const label = (verb: string) => Object.assign(cancel, { textContent: verb, ariaLabel: `${verb} ${file.name}` });
  const text = element("div", { className: "row" }, element("strong", {}, file.name), state, bar);
  const item = element("li", {}, text, retry, cancel);

  const onProgress = ({ phase, bytes, total }: Progress) => {
    bar.value = bytes;
    const verb = phase === "hashing" ? "Reading" : bytes < total ? "Sending" : "Checking";
    state.textContent = `${verb}, ${size(bytes)} of ${size(total)}, for ${project.name}`;
  };
  const run = async () => {
    try {
      options.signal.throwIfAborted();
      uploaded(await api.uploadFile(project, file, { ...options, onProgress }));
      announce(`Uploaded ${file.name}`);
      item.remove();
    } catch (error) {
      if (!abort.signal.aborted) {
        item.className = "failed";
        label("Dismiss");
        state.textContent = explain(error);
        retry.hidden = !mayRetry(error);
        announce(`${file.name}: ${state.textContent}`);
      }
    }
  };
  const wait = () => {
    item.className = "";
    label("Cancel");
    retry.hidden = true;
    state.textContent = "Waiting";
    enqueue(run);
  };
  retry.onclick = wait;
  cancel.onclick = () => {
    abort.abort();
    item.remove();
  };
  list.append(item);
  wait();
}

function enqueue(run: () => Promise<void>): void {
  queue.push(run);
  next();
}

function next(): void {
  const run = running < AT_A_TIME ? queue.shift() : undefined;
  if (run) {
    running += 1;
    void run().finally(() => {
      running -= 1;
      next();
    });
  }
}

choose.onchange = () => {
  add(choose.files ?? []);
  // The same file can be chosen again.
  choose.value = "";
};
// Files that miss the field are ignored. Otherwise the browser would open them in place of the page.
for (const type of ["dragover", "dragleave", "drop"] as const) {
  window.addEventListener(type, (event) => {
    const { dataTransfer, target } = event;
    if (dataTransfer?.types.includes("Files")) {
      event.preventDefault();
      const inside = drop.contains(target as Node);
      drop.classList.toggle("over", inside && type === "dragover");
      if (inside && type === "drop") {
        add(dataTransfer.files);
      }
    }
  });
}
window.addEventListener("beforeunload", (event) => running > 0 && event.preventDefault());
