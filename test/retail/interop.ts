import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realWorld } from "../../src/base/index.ts";
import type { Snapshot } from "../../src/delta/index.ts";
import { quoteIdentifier } from "../../src/engine/index.ts";
import { openPath } from "../../src/lake/index.ts";
import type { PathTable } from "../../src/lake/open-path.ts";
import { startDeltaRs, startSpark, type DeltaRsJudge, type SparkJudge } from "../services/judges.ts";

/** Everybody who is asked what a table holds. */
export interface Judges extends AsyncDisposable {
  readonly all: readonly (DeltaRsJudge | SparkJudge)[];
  readonly deltaRs: DeltaRsJudge;
  readonly spark: SparkJudge;
}

const REQUEST_MS = 300_000; // On a busy machine Spark alone may take a minute for the largest table.

export async function startJudges(): Promise<Judges> {
  const options = { requestTimeoutMs: REQUEST_MS };
  const [spark, older, newer] = await Promise.all([
    startSpark(options),
    startDeltaRs("1.6.3", options),
    startDeltaRs("1.6.6", options),
  ]);
  const all = [older, newer, spark];
  return {
    all,
    deltaRs: newer,
    spark,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map(async (judge) => await judge.close()));
    },
  };
}

/**
 * What the judges see otherwise than we do; empty when all agree. Each writes what it reads as Parquet, and the engine compares every
 * row, as JSON, with ours: half a million rows as objects of Python and JavaScript would take minutes.
 */
export async function disagreements(
  judges: readonly (DeltaRsJudge | SparkJudge)[],
  path: string,
  version: number,
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-copies-"));
  try {
    await using table = await openPath(path, realWorld(), { allowFilesFrom: [folder] });
    const ours = { ...table, snapshot: await table.log.at(version) };
    const found: string[] = [];
    for (const [index, judge] of judges.entries()) {
      const file = join(folder, `${index}.parquet`);
      await judge.copy(path, file, { version });
      const { name, version: engineVersion } = judge.engine;
      const said = await differenceOf(ours, file);
      if (said !== undefined) found.push(`${path} version ${version}: ${name} ${engineVersion} sees ${said}`);
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function differenceOf(
  ours: PathTable & { readonly snapshot: Snapshot },
  file: string,
): Promise<string | undefined> {
  const columns = ours.snapshot.metadata.schema.fields.map((one) => quoteIdentifier(one.name)).join(", ");
  // Columns by name, each row as one text: neither a type that another engine chose nor the order of its columns is a difference.
  const rowsOf = (input: string): string =>
    `SELECT md5(to_json(r)) AS content FROM (SELECT ${columns} FROM ${input}) AS r`;
  const relation = {
    sql: `SELECT coalesce(sum(ours), 0)::BIGINT AS ours, coalesce(sum(theirs), 0)::BIGINT AS theirs,
        count(*) FILTER (ours <> theirs) AS differing
      FROM (SELECT count(*) FILTER (is_ours) AS ours, count(*) FILTER (NOT is_ours) AS theirs FROM (
          SELECT content, true AS is_ours FROM (${rowsOf("ours")}) UNION ALL
          SELECT content, false FROM (${rowsOf("theirs")})
        ) GROUP BY content)`,
    inputs: {
      ours: { kind: "table" as const, table: ours },
      theirs: { kind: "parquet" as const, files: [file] },
    },
  };
  for await (const [row] of ours.engine.query(relation)) {
    if (row === undefined) break;
    return Number(row["differing"]) === 0
      ? undefined
      : `${Number(row["theirs"])} rows, we see ${Number(row["ours"])}, and ${Number(row["differing"])} of them differ`;
  }
  throw new Error("Cannot compare rows: the engine answered nothing");
}

export async function newestVersion(path: string): Promise<number> {
  await using table = await openPath(path, realWorld());
  return (await table.log.latest())?.version ?? -1;
}

/** The folders of a lake that are Delta tables. */
export function tablesBelow(lake: string): readonly string[] {
  const paths = readdirSync(lake, { recursive: true, encoding: "utf8", withFileTypes: true });
  return paths
    .filter((entry) => entry.isDirectory() && entry.name === "_delta_log")
    .map((entry) => entry.parentPath)
    .toSorted();
}

/** All versions of a table, or `countMax` of them, spread evenly and with the newest; what is left out is said aloud. */
export async function versionsToJudge(path: string, countMax: number): Promise<readonly number[]> {
  const newest = await newestVersion(path);
  if (newest < countMax) return Array.from({ length: newest + 1 }, (_, version) => version);
  const versions = Array.from({ length: countMax }, (_, index) => Math.round((newest * (index + 1)) / countMax));
  process.stderr.write(
    `SAMPLED: ${tableName(path)} at versions ${versions.join(", ")} of ${newest + 1}; all in the nightly run\n`,
  );
  return versions;
}

export function tableName(path: string): string {
  return path.split("/").slice(-2).join(".");
}

export function tablePath(lake: string, name: string): string {
  return join(lake, ...name.split("."));
}
