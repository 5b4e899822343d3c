import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Measured } from "../bench-context.ts";
import type { Finding } from "../finding.ts";
import type { Sample } from "../pairs.ts";
import type { MachineFacts } from "./machine-facts.ts";

/** What one measure found the last time it ran, and under what conditions. */
export interface MeasureResult {
  readonly facts: MachineFacts;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly findings: readonly Finding[];
  readonly samples: Readonly<Record<string, readonly SampleFigures[]>>;
}

/** Of a sample, the figures: its output may name folders of the machine. */
type SampleFigures = Omit<Sample, "result">;

export type Results = Readonly<Record<string, MeasureResult>>;

const FILE = fileURLToPath(new URL("../results.json", import.meta.url));

/** The results of all measures, by name; empty before the first. */
export function readResults(): Results {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Results) : {};
}

export function writeResults(results: Results): void {
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`);
}

export function resultOf(
  { findings, samples }: Measured,
  conditions: Pick<MeasureResult, "facts" | "settings">,
): MeasureResult {
  const figures = Object.entries(samples).map(([name, all]) => [name, all.map(figuresOf)] as const);
  return { ...conditions, findings, samples: Object.fromEntries(figures) };
}

function figuresOf(sample: Sample): SampleFigures {
  const { wallSeconds, insideSeconds, cpuSeconds, peakBytes, writtenBytes, workSeconds, keptBytes } = sample;
  return {
    wallSeconds: toMillis(wallSeconds),
    insideSeconds: toMillis(insideSeconds),
    cpuSeconds: toMillis(cpuSeconds),
    peakBytes,
    writtenBytes,
    ...(workSeconds === undefined ? {} : { workSeconds: toMillis(workSeconds) }),
    ...(keptBytes === undefined ? {} : { keptBytes }),
  };
}

function toMillis(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
