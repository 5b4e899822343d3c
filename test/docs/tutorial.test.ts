import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeExport } from "../../scripts/demo/dynamodb-export.ts";
import { DEMO_SEED, makeShop } from "../../scripts/demo/shop.ts";
import { codeBlocksOf, ROOT, type CodeBlock } from "./code-blocks.ts";

const MAIN = join(ROOT, "dist", "cli", "main.js");

describe.each(["README.md", "docs/getting-started.md"])("what %s says to type", (page) => {
  const blocks = codeBlocksOf(page);
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-tutorial-"));
    const shop = makeShop(DEMO_SEED);
    for (const one of [...shop.delivered, shop.running]) writeExport(join(folder, "exports"), one);
    const config = blocks.find(({ language }) => language === "ts")?.code ?? "";
    writeFileSync(join(folder, "sluice.config.ts"), config);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("works in a folder with a configuration and exports", { timeout: 120_000 }, () => {
    const commands = commandsOf(blocks);
    expect(commands.length).toBeGreaterThan(5);
    for (const { line, output } of commands) {
      const { status, stdout, stderr } = type(line, folder);
      expect({ line, status, stderr: status === 0 ? "" : stderr }).toEqual({ line, status: 0, stderr: "" });
      if (output !== undefined) expect(stdout).toBe(output);
    }
  });
});

/** Lines that call the product; where a block of text follows, it is what the only line before it prints. */
function commandsOf(blocks: readonly CodeBlock[]): readonly { readonly line: string; readonly output?: string }[] {
  return blocks.flatMap((block, index) => {
    if (block.language !== "sh") return [];
    const lines = block.code.split("\n").filter((line) => line.startsWith("sluice "));
    const next = blocks[index + 1];
    return lines.map((line) => (next?.language === "text" ? { line, output: next.code } : { line }));
  });
}

function type(line: string, cwd: string) {
  const script = `sluice() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`;
  return spawnSync("bash", ["-c", script], { cwd, encoding: "utf8" });
}
