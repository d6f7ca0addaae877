// Writes the README's blocks as one script, which the compiler checks and `readme.test.ts` runs.
import { readFileSync, writeFileSync } from "node:fs";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block);
const script = blocks.join("\n").replace('"http://127.0.0.1:3000"', "baseUrl");
const names = "abort, baseUrl, countDown, draw, input, link, mark, session, show";
writeFileSync(
  new URL("readme.ts", import.meta.url),
  `import { ${names} } from "./application.js";\n${script}export { bytes, file, nextCursor, projects, renamed, status };\n`,
);
