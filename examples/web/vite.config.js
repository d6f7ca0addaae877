// The client is compiled from its source, beside this folder. With a published package, none of this is needed.
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const client = here("../../clients/typescript/src");

export default {
  resolve: {
    alias: { "projects-api-client": `${client}/index.ts`, "openapi-fetch": here("node_modules/openapi-fetch") },
  },
  server: { fs: { allow: [here("."), client] } },
};
