// `npm run docs`: prints the pages that follow from the code. A test checks that they are up to date.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt, ensureInstalled, requireNode, ROOT, say } from "./set-up.mjs";

requireNode();
ensureInstalled();
const { createJiti } = await import("jiti");
const { PRINTED_PAGES } = await createJiti(import.meta.url).import("./docs/pages.ts");
for (const [path, page] of Object.entries(PRINTED_PAGES)) {
  writeFileSync(join(ROOT, path), page());
  say(`Printed ${path}`);
}
process.exit(attempt("npx", ["--no-install", "oxfmt", "--write", ...Object.keys(PRINTED_PAGES)]));
