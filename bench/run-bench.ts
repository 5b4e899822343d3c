import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchContext } from "./bench-context.ts";
import { MEASURES } from "./measures/catalog.ts";
import { readOptions, USAGE, type BenchOptions } from "./options.ts";
import { machineFacts } from "./report/machine-facts.ts";
import { findingLines, markdownReport } from "./report/markdown-report.ts";
import { readResults, resultOf, writeResults, type MeasureResult } from "./report/results-file.ts";

const RESULTS = ["bench/results.json", "bench/RESULTS.md"] as const;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Measures what the options name and keeps what was found; gives the exit code: 0, or 1 where a target is missed. */
export async function runBench(words: readonly string[]): Promise<number> {
  if (words.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const options = readOptions(words, process.env);
  await mkdir(options.cache, { recursive: true });
  const work = await mkdtemp(join(options.cache, "work-"));
  try {
    const missed = await measureAll(options, { ...options, work });
    console.log(missed === 0 ? "Every target holds." : `Targets missed: ${missed}.`);
    return missed === 0 ? 0 : 1;
  } finally {
    await rm(work, { recursive: true });
  }
}

async function measureAll(options: BenchOptions, context: BenchContext): Promise<number> {
  let missed = 0;
  for (const name of options.only) {
    const measure = MEASURES[name];
    if (measure === undefined) continue;
    console.error(`${name} …`);
    const { items, largeItems, pairs, memory, threads } = options;
    const result = resultOf(await measure(context), {
      facts: machineFacts(),
      settings: { items: name === "large" ? largeItems : items, pairs, memory, threads },
    });
    console.log(`${name}\n${findingLines(result)}`);
    missed += result.findings.filter((one) => one.holds === false).length;
    if (options.isKept) await keep(name, result);
  }
  return missed;
}

/** Beside what the other measures found earlier; at once, so that a measure that fails later loses nothing. */
async function keep(name: string, result: MeasureResult): Promise<void> {
  const all = { ...readResults(), [name]: result };
  const ordered = Object.keys(MEASURES).flatMap((one) => (all[one] === undefined ? [] : [[one, all[one]] as const]));
  const results = Object.fromEntries(ordered);
  writeResults(results);
  await writeFile(join(ROOT, "bench", "RESULTS.md"), markdownReport(results));
  spawnSync("npx", ["--no-install", "oxfmt", ...RESULTS], { cwd: ROOT, stdio: "ignore" });
}
