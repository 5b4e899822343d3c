import { constants } from "node:fs";
import { cp, link, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Finding } from "./finding.ts";
import { BENCH_FOLDER, measureSluice, type Usage } from "./measure-process.ts";
import type { OrderExports } from "./data/order-exports.ts";
import type { Sample } from "./pairs.ts";

/** What every measure is given. */
export interface BenchContext {
  readonly items: number;
  /** Items of the largest lake. */
  readonly largeItems: number;
  readonly pairs: number;
  readonly threads: number;
  /** What both sides may use, as DuckDB and the product write it. */
  readonly memory: string;
  /** Holds what is kept from run to run. */
  readonly cache: string;
  /** Holds what is gone after the run. */
  readonly work: string;
}

/** What a measure found: rows for the report, and every sample by a name for the results file. */
export interface Measured {
  readonly findings: readonly Finding[];
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

export const CONFIG = join(BENCH_FOLDER, "sluice.config.ts");
const GIGABYTE = 1_000_000_000;
const MEGABYTE = 1_000_000;

/** As a number, of the forms `1GB` and `512MB`. */
export function memoryBytes({ memory }: Pick<BenchContext, "memory">): number {
  const [, amount, unit] = /^(\d+)(MB|GB)$/.exec(memory) ?? [];
  if (amount === undefined) throw new Error(`Expected memory such as 512MB or 1GB, got ${memory}`);
  return Number(amount) * (unit === "GB" ? GIGABYTE : MEGABYTE);
}

export interface LakeRun {
  readonly exports: string;
  readonly lake: string;
  readonly layers?: "bronze" | "all";
}

/** What `sluice` is told about the lake of a run. */
export function lakeEnvironment(
  context: BenchContext,
  { exports, lake, layers = "all" }: LakeRun,
): Record<string, string> {
  return {
    BENCH_EXPORTS: exports,
    BENCH_LAKE: lake,
    BENCH_LAYERS: layers,
    SLUICE_MEMORY: context.memory,
    SLUICE_THREADS: String(context.threads),
  };
}

/** A `sluice run`, of some tables or of all. */
export async function runLake(context: BenchContext, run: LakeRun, only: readonly string[] = []): Promise<Sample> {
  const before = await folderBytes(run.lake);
  const usage: Usage = await measureSluice(["run", ...only, "-c", CONFIG, "--json"], {
    env: lakeEnvironment(context, run),
  });
  return { ...usage, keptBytes: (await folderBytes(run.lake)) - before };
}

/** A folder of its own, empty. */
export async function freshFolder(context: BenchContext, name: string): Promise<string> {
  await mkdir(context.work, { recursive: true });
  return await mkdtemp(join(context.work, `${name}-`));
}

/** A copy that may be written to without a trace in the original, for the length of some work. */
export async function withCopy<T>(
  context: BenchContext,
  folder: string,
  work: (copy: string) => Promise<T>,
): Promise<T> {
  const copy = await freshFolder(context, "copy");
  try {
    await cp(folder, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
    return await work(copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

/** Several exports of one table as one prefix holds them. */
export async function exportsTogether(context: BenchContext, parts: readonly OrderExports[]): Promise<string> {
  const together = await freshFolder(context, "exports");
  for (const part of parts) {
    const folder = await part(context.cache);
    for (const name of await filesBelow(folder)) {
      await mkdir(dirname(join(together, name)), { recursive: true });
      await link(join(folder, name), join(together, name));
    }
  }
  return together;
}

/** 0 where there is no such folder yet. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await filesBelow(folder)) bytes += (await stat(join(folder, name))).size;
  return bytes;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
