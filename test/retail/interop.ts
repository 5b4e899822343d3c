import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { realWorld } from "../../src/base/index.ts";
import { quoteIdentifier } from "../../src/engine/index.ts";
import { openPath } from "../../src/lake/index.ts";
import { canonicalLine } from "../services/canonical-rows.ts";
import { startDeltaRs, startSpark, type DeltaRsJudge, type SparkJudge } from "../services/judges.ts";

/** Everybody who is asked what a table holds. */
export interface Judges extends AsyncDisposable {
  readonly all: readonly (DeltaRsJudge | SparkJudge)[];
  readonly deltaRs: DeltaRsJudge;
  readonly spark: SparkJudge;
}

const REQUEST_MS = 300_000; // Half a million rows as Python objects take half a minute, and more on a busy machine.

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

export interface Question {
  readonly version: number;
  /** All where not given. */
  readonly columns?: readonly string[];
}

/** What the judges see otherwise than we do; empty when all agree. */
export async function disagreements(
  judges: readonly (DeltaRsJudge | SparkJudge)[],
  path: string,
  { version, columns }: Question,
): Promise<readonly string[]> {
  const ours = await ourRows(path, { version, ...(columns === undefined ? {} : { columns }) });
  const found: string[] = [];
  for (const judge of judges) {
    const { name, version: engineVersion } = judge.engine;
    const theirs = await judge.rows(path, { version, limitRows: 0, ...(columns === undefined ? {} : { columns }) });
    if (theirs.sha256 === ours.sha256 && theirs.count === ours.count) continue;
    found.push(`${path} version ${version}: ${name} ${engineVersion} sees ${theirs.count} rows, we see ${ours.count}`);
  }
  return found;
}

async function ourRows(path: string, { version, columns }: Question): Promise<{ count: number; sha256: string }> {
  await using table = await openPath(path, realWorld());
  const snapshot = await table.log.at(version);
  const { schema } = snapshot.metadata;
  const fields = columns === undefined ? schema.fields : schema.fields.filter((one) => columns.includes(one.name));
  // Half a million rows are too many to hold as objects.
  const lines: string[] = [];
  const relation = {
    sql: `SELECT ${fields.map((one) => quoteIdentifier(one.name)).join(", ")} FROM rows_of`,
    inputs: { rows_of: { kind: "table" as const, table: { ...table, snapshot } } },
  };
  for await (const batch of table.engine.query(relation)) {
    for (const row of batch) lines.push(canonicalLine({ type: "struct", fields }, row));
  }
  const hash = createHash("sha256");
  for (const line of lines.toSorted()) hash.update(`${line}\n`);
  return { count: lines.length, sha256: hash.digest("hex") };
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
