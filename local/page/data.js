// Rows and objects as they are now in tables and buckets.
import { element, find, request, table } from "./dom.js";

// Attributes in the order of their columns. Others stand between, by name. The kind is the heading.
const FIRST = ["name", "id"];
const LAST = ["pk", "sk", "rowFormat"];
const HIDDEN = ["rowKind"];

// Kinds that the user has opened or closed.
const opened = new Map();

export async function load() {
  try {
    const { tables, buckets } = await request("/_local/data");
    find("data").replaceChildren(...tables.map(tableView), ...buckets.map(bucketView));
    find("read").textContent = `as of ${new Date().toLocaleTimeString()}`;
    find("data-error").textContent = "";
  } catch (error) {
    find("data-error").textContent = error.message;
  }
}

function tableView({ name, complete, kinds }) {
  const views = kinds.map(({ kind, count, rows }) => {
    const columns = order(new Set(rows.flatMap(Object.keys)));
    const cells = (row) => columns.map((column) => row[column] ?? "");
    const isOpen = columns.includes("createdAt");
    return group(`${name}/${kind}`, kind || "rows", counted(rows.length, count, complete), isOpen,
      table(`${kind} in ${name}`, columns, rows, cells));
  });
  return store("Table", name, views, "No rows.");
}

function bucketView({ name, complete, count, objects }) {
  const cells = ({ key, size, contentType, tags, modified }) => {
    const labels = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
    return [key, bytes(size), contentType ?? "", labels.join(", "), new Date(modified).toLocaleString()];
  };
  const content = table(`Objects in ${name}`, ["key", "size", "type", "tags", "modified"], objects, cells);
  const view = group(name, "objects", counted(objects.length, count, complete), true, content);
  return store("Bucket", name, count ? [view] : [], "No objects.");
}

function store(type, name, views, otherwise) {
  const heading = element("h2", {}, element("span", { className: "quiet" }, `${type} `), name);
  return element("section", {}, heading, ...(views.length ? views : [element("p", { className: "quiet" }, otherwise)]));
}

function group(key, name, count, isOpen, content) {
  const summary = element("summary", {}, element("strong", {}, name), " ", element("span", { className: "quiet" }, count));
  const details = element("details", { open: opened.get(key) ?? isOpen }, summary, content);
  details.addEventListener("toggle", () => opened.set(key, details.open));
  return details;
}

// Says how many there are and, if there are more, how many are shown.
function counted(shown, count, complete) {
  const total = `${complete ? "" : "more than "}${count.toLocaleString()}`;
  return shown < count || !complete ? `${total}, of those read the newest ${shown} shown` : total;
}

function order(columns) {
  const middle = [...columns].filter((name) => ![...FIRST, ...LAST, ...HIDDEN].includes(name)).sort();
  return [...FIRST.filter((name) => columns.has(name)), ...middle, ...LAST.filter((name) => columns.has(name))];
}

function bytes(size) {
  return size < 1024 ? `${size} B` : `${(size / 1024).toLocaleString([], { maximumFractionDigits: 1 })} KiB`;
}
