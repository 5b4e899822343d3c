import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PRINTED_PAGES } from "../../scripts/docs/pages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test.each(Object.keys(PRINTED_PAGES))("%s says what the code says; otherwise run `npm run docs`", (path) => {
  const printed = PRINTED_PAGES[path]?.() ?? "";
  expect(withoutLayout(readFileSync(join(ROOT, path), "utf8"))).toBe(withoutLayout(printed));
});

/** The formatter widens tables. */
function withoutLayout(text: string): string {
  return text
    .replaceAll(/[ \t]+/g, " ")
    .replaceAll(/-{3,}/g, "---")
    .trim();
}
