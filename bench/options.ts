import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MEASURES } from "./measures/catalog.ts";

export interface BenchOptions {
  readonly items: number;
  readonly largeItems: number;
  readonly pairs: number;
  readonly threads: number;
  readonly memory: string;
  /** Names of measures, in the catalog's order. */
  readonly only: readonly string[];
  /** Whether the report is rewritten. */
  readonly isKept: boolean;
  readonly cache: string;
}

export const USAGE = `npm run bench -- [options]

  --items N        items of the timed measures (2000000)
  --large N        items of the largest lake (10000000)
  --pairs N        pairs a measure (5)
  --only a,b       some measures: ${Object.keys(MEASURES).join(", ")}
  --memory SIZE    what the engine may use, on both sides (1GB)
  --threads N      threads, on both sides (2)
  --no-report      prints the findings and leaves bench/RESULTS.md as it is

Data is made once and kept below SLUICE_BENCH (~/.cache/sluice-bench).
`;

const ITEMS_UNIT = 1000; // of generated keys: see `shuffled`

/** Fails with a sentence for the user. */
export function readOptions(words: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      items: { type: "string", default: "2000000" },
      large: { type: "string", default: "10000000" },
      pairs: { type: "string", default: "5" },
      only: { type: "string" },
      memory: { type: "string", default: "1GB" },
      threads: { type: "string", default: "2" },
      "no-report": { type: "boolean", default: false },
    },
  });
  const names = Object.keys(MEASURES);
  const only = values.only?.split(",") ?? names;
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no measure ${unknown}; there are ${names.join(", ")}`);
  return {
    items: itemsOf("--items", values.items),
    largeItems: itemsOf("--large", values.large),
    pairs: wholeNumber("--pairs", values.pairs),
    threads: wholeNumber("--threads", values.threads),
    memory: values.memory,
    only: names.filter((name) => only.includes(name)),
    isKept: !values["no-report"],
    cache: env["SLUICE_BENCH"] || join(homedir(), ".cache", "sluice-bench"),
  };
}

function itemsOf(flag: string, text: string): number {
  const items = wholeNumber(flag, text);
  if (items % ITEMS_UNIT !== 0) throw new Error(`${flag} expects a multiple of ${ITEMS_UNIT}, got ${text}`);
  return items;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${flag} expects a whole number from 1, got ${text}`);
  return value;
}
