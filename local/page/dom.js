// Elements, and requests to the stack. Texts become text nodes, never HTML.

// Creates an element with these properties and children. Strings among the children are text.
export function element(tag, properties = {}, ...children) {
  const created = document.createElement(tag);
  Object.assign(created, properties);
  created.append(...children);
  return created;
}

export function find(id) {
  return document.getElementById(id);
}

// Creates a table. `cells` returns the contents of a row, one for each heading.
export function table(caption, headings, rows, cells) {
  const line = (row) => element("tr", {}, ...cells(row).map(cell));
  const head = element("tr", {}, ...headings.map((name) => element("th", { scope: "col" }, name)));
  const body = element("tbody", {}, ...rows.map(line));
  const whole = element("table", {}, element("thead", {}, head), body);
  // Focusable, so that the arrow keys scroll it.
  return element("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: caption }, whole);
}

function cell(content) {
  const title = typeof content === "string" ? content : "";
  return element("td", { title }, content);
}

// Creates a button that copies the text which `text` returns.
export function copyButton(label, text) {
  const button = element("button", { type: "button" }, label);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

// Sends a request to the stack and returns the JSON of a success. Others are errors with the stack's message.
export async function request(path, init) {
  const response = await fetch(path, init).catch(() => {
    throw new Error("The stack does not respond. Is it running?");
  });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.message);
  }
  return body;
}
