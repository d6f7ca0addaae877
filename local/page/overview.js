// What runs: routes with their functions, streams, emulators, data.
import { element, find, table } from "./dom.js";

export function show({ routes, streams, dynamodb, s3, data }) {
  const functions = new Set([...routes, ...streams].map((one) => one.function));
  const facts = {
    Functions: `${functions.size}, behind ${routes.length} routes`,
    DynamoDB: dynamodb.endpoint,
    S3: s3.endpoint,
    Data: data,
  };
  const terms = Object.entries(facts).flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
  find("running").replaceChildren(...terms);
  find("view-stack").replaceChildren(
    element("h2", {}, "Routes"),
    table("Routes", ["Method", "Path", "Function"], routes, (route) => [tag(route.method), route.path, route.function]),
    element("h2", {}, "Streams"),
    table("Streams", ["Table", "Function"], streams, ({ table, function: name }) => [table, name]),
    element("h2", {}, "Emulators"),
    table("Emulators", ["Service", "Endpoint", "Tables and buckets"], Object.entries({ DynamoDB: dynamodb, S3: s3 }),
      ([service, { endpoint, names }]) => [service, endpoint, names.join(", ")]),
  );
}

function tag(method) {
  return element("span", { className: `method ${method.toLowerCase()}` }, method);
}
