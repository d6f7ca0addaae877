// Elements of the page. Data becomes text, never HTML: a project named `<img src=x onerror=…>` shows that name.

/** Returns an element of index.html. */
export function find<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new Error(`index.html has no ${type.name} #${id}`);
  }
  return found;
}

/** Makes an element with properties and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

let asked: Promise<unknown> = Promise.resolve();

/** Asks before something is deleted, one question after the other. */
export function confirmed(question: string): Promise<boolean> {
  const reply = asked.then(() => ask(question));
  asked = reply;
  return reply;
}

function ask(question: string): Promise<boolean> {
  const dialog = find("confirm-dialog", HTMLDialogElement);
  find("confirm-text", HTMLElement).textContent = question;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const SIZE = new Intl.NumberFormat("en", { style: "unit", unit: "byte", notation: "compact", unitDisplay: "narrow" });
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

export function size(bytes: number): string {
  return SIZE.format(bytes);
}

export function day(time: string): string {
  return DAY.format(new Date(time));
}
