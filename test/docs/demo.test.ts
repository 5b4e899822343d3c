import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./code-blocks.ts";

test(
  "the demo shows what it promises, twice the same and without colour where there is no terminal",
  { timeout: 240_000 },
  () => {
    const first = demo();
    const second = demo();
    expect(first).not.toContain("\u001B");
    expect(withoutMoments(second)).toBe(withoutMoments(first));
    for (const promised of [
      "the export is still running",
      "no key attribute",
      "Invalid JSON",
      "fits:amount",
      "rule:positive_amount",
      "S:o-0404",
      '{"Item":{"order_id":{"S":"o-0404"}',
      "Nothing new",
    ]) {
      expect(first).toContain(promised);
    }
  },
);

/** Without the set-up: a build would replace the program under the tests that run beside this one. */
const PROGRAM = `
  const { createJiti } = await import("jiti");
  const { runDemo } = await createJiti(${JSON.stringify(join(ROOT, "scripts", "demo.mjs"))}).import("./demo/run-demo.ts");
  process.exitCode = runDemo();`;

function demo(): string {
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM], { cwd: ROOT, encoding: "utf8" });
  expect({ status: ended.status, stderr: ended.status === 0 ? "" : ended.stderr }).toEqual({ status: 0, stderr: "" });
  return ended.stdout;
}

/** Times of day, durations and what is made of them differ from run to run; so do widths of columns that hold them. */
function withoutMoments(text: string): string {
  return text
    .replaceAll(/run \d{8}T\d{6}Z-[0-9a-f]{8}|\d{8}T\d{6}Z-[0-9a-f]{8}/g, "<run>")
    .replaceAll(/20(?!26-01)\d\d-\d\d-\d\d[ T][\d:.]+Z/g, "<moment>")
    .replaceAll(/just now|\d+ (?:s|min|h|d) ago|[\d.,]+ (?:ms|s)\b|[\d.,]+ (?:B|kB|MB)\b/g, "<amount>")
    .replaceAll(/[ ─-]+/g, " ");
}
