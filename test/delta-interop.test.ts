import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../src/base/index.ts";
import { arrayOf, decimal, field, struct, type StructType } from "../src/contract/index.ts";
import { openLog, restore, vacuum, type DeltaLog, type Snapshot } from "../src/delta/index.ts";
import { duckdbEngine, type Engine, type OpenTable, type Relation, type Row } from "../src/engine/index.ts";
import { localStore } from "../src/storage/index.ts";
import { fileKey } from "../src/delta/log/vector-id.ts";
import { DeltaTable } from "../src/lake/delta-door.ts";
import {
  MIXED_SCHEMA,
  deltaRsWriter,
  ourWriter,
  sparkWriter,
  writeTogether,
  type MixedWriter,
} from "./concurrency/mixed-writers.ts";
import { collected, latestOf, removesOf } from "./delta-builders.ts";
import { canonicalRows, type DeltaStruct } from "./services/canonical-rows.ts";
import { requirePart, startDeltaRs, startSpark, type DeltaRsJudge, type SparkJudge } from "./services/judges.ts";

const hasDeltaRs = requirePart("delta-1.6.3") && requirePart("delta-1.6.6");
const hasSpark = requirePart("spark");
const REQUEST_MS = 300_000;
/** By night five minutes; by day a slice. */
const MIXED_MS = process.env["SLUICE_NIGHTLY"] === "true" ? 300_000 : 2_000;
/** Spark takes some seconds a statement, and more on a busy machine. */
const LONG = { timeout: 600_000 };

const SCHEMA: StructType = struct([
  field("id", "long"),
  field("amount", decimal(18, 2)),
  field("at", "timestamp"),
  field("part", "string"),
  field("inner", struct([field("text", "string"), field("list", arrayOf("long"))])),
]);

describe.runIf(hasDeltaRs || hasSpark)("a table of ours", () => {
  const judges: (DeltaRsJudge | SparkJudge)[] = [];
  let spark: SparkJudge | undefined;
  let folder = "";
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-interop-"));
    engine = await duckdbEngine({
      world: realWorld(),
      memoryBytes: 2 ** 29,
      threads: 2,
      spillFolder: folder,
      folders: [folder],
    });
    const options = { requestTimeoutMs: REQUEST_MS };
    if (hasDeltaRs) judges.push(await startDeltaRs("1.6.3", options), await startDeltaRs("1.6.6", options));
    if (hasSpark) {
      spark = await startSpark(options);
      judges.push(spark);
    }
  });

  afterAll(async () => {
    await Promise.all(judges.map((judge) => judge.close()));
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("is read alike by others from commits, from checkpoints alone, and through deletion vectors", LONG, async () => {
    const table = tableAt(engine, join(folder, "shared"));
    await append(engine, table, 0, 100);
    for (let round = 1; round <= 4; round += 1) {
      await engine.delete(await opened(table), `id % 7 = ${round}`);
      await append(engine, table, round * 100, 20);
    }
    const snapshot = await latestOf(table.log);
    expect([...snapshot.files.values()].some((file) => file.deletionVector !== undefined)).toBe(true);
    expect(await disagreements(judges, table, engine)).toEqual([]);
    expect(keepNewestCheckpoint(table.path)).toBeGreaterThan(4);
    expect(await disagreements(judges, table, engine)).toEqual([]);
    // Files and removes that are known by a checkpoint alone go into the next one.
    const fresh = tableAt(engine, table.path);
    const known = removesOf(await latestOf(fresh.log)).map(fileKey);
    expect(known.length).toBeGreaterThan(4);
    for (let round = 0; round < 3; round += 1) await append(engine, fresh, 1000 + round, 1);
    expect(keepNewestCheckpoint(table.path)).toBe((await latestOf(fresh.log)).version);
    const next = tableAt(engine, table.path);
    expect(removesOf(await latestOf(next.log)).map(fileKey)).toEqual(expect.arrayContaining(known));
    expect(await disagreements(judges, next, engine)).toEqual([]);
  });

  test.runIf(hasSpark)(
    "is written by Spark, too: deletes, updates, compaction, its own checkpoints, new columns",
    LONG,
    async () => {
      if (spark === undefined) throw new Error("Spark was started");
      const table = tableAt(engine, join(folder, "with spark"));
      await append(engine, table, 0, 50);
      const name = `delta.\`${table.path}\``;
      const statements = [
        `DELETE FROM ${name} WHERE id % 5 = 0`,
        `UPDATE ${name} SET amount = amount + 1 WHERE id % 5 = 1`,
        `INSERT INTO ${name} SELECT id + 1000, amount, at, 'spärk %2F/x', inner FROM ${name} WHERE id < 9`,
        `OPTIMIZE ${name}`,
        `ALTER TABLE ${name} ADD COLUMNS (note STRING, inner.more LONG)`,
        `INSERT INTO ${name} VALUES (7777, 1.25, timestamp'1900-01-01 00:00:00.123456', '', named_struct('text', 'x', 'list', array(1L), 'more', 5L), 'n')`,
        `ALTER TABLE ${name} SET TBLPROPERTIES ('delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '2')`,
        `DELETE FROM ${name} WHERE id = 11`,
        `DELETE FROM ${name} WHERE id = 12`,
      ];
      for (const [index, statement] of statements.entries()) {
        await spark.sql(statement);
        expect(await disagreements([spark], table, engine)).toEqual([]);
        // Ours in between: a log that has seen everything goes on, and so does one that opens anew.
        await append(engine, table, 10_000 + index * 10, 3);
        await engine.delete(await opened(tableAt(engine, table.path)), `id = ${10_000 + index * 10}`);
      }
      const others = judges.filter((judge) => judge !== spark);
      expect(await disagreements(others, table, engine)).toEqual([]);
      const history = await collected(table.log.history());
      expect(
        history.filter((entry) => String(entry.commitInfo?.["engineInfo"]).startsWith("sluice/")).length,
      ).toBeGreaterThan(9);
    },
  );

  test("reads alike after it was optimized, vacuumed and restored, and is still written by others", LONG, async () => {
    const table = tableAt(engine, join(folder, "kept tidy"));
    await append(engine, table, 0, 60);
    for (let round = 1; round <= 3; round += 1) {
      await engine.delete(await opened(table), `id % 7 = ${round}`);
      await append(engine, table, round * 100, 20);
    }
    const before = (await latestOf(table.log)).version;
    const outcome = await engine.optimize(await opened(table));
    expect(outcome).toMatchObject({ kind: "committed", metrics: { filesLeft: 0 } });
    expect([...outcome.snapshot.files.values()].some((file) => file.deletionVector !== undefined)).toBe(false);
    expect(await disagreements(judges, table, engine)).toEqual([]);
    const place = { ...(await opened(table)), world: realWorld() };
    await restore(place, { version: before });
    expect(await disagreements(judges, table, engine)).toEqual([]);
    await engine.optimize(await opened(table));
    const cleaned = await vacuum(place, { retentionMs: 0, allowShortRetention: true });
    expect(cleaned.removed.length).toBeGreaterThan(4);
    expect(await disagreements(judges, table, engine)).toEqual([]);
    if (spark === undefined) return;
    await spark.sql(`DELETE FROM delta.\`${table.path}\` WHERE id % 5 = 0`);
    await engine.optimize(await opened(table));
    expect(await disagreements(judges, table, engine)).toEqual([]);
  });

  test.runIf(hasDeltaRs)("is appended to by delta-rs while we append", LONG, async () => {
    const table = tableAt(engine, join(folder, "with delta-rs"), { "delta.enableDeletionVectors": "false" });
    await append(engine, table, 0, 10);
    for (const [index, judge] of judges.entries()) {
      await judge.append(table.path, [{ id: 500 + index, part: "theirs" }]);
      await append(engine, table, 100 * (index + 1), 5);
      expect(await disagreements(judges, table, engine)).toEqual([]);
    }
  });

  test.runIf(hasSpark)("is appended to, merged into and deleted from by Spark and us at once (F25)", LONG, async () => {
    if (spark === undefined) throw new Error("Spark was started");
    const path = join(folder, "at once with spark");
    await using table = await DeltaTable.create(path, { schema: { id: "string", note: "string" } });
    expect(await mixed(table, sparkWriter(spark, path), judges)).toEqual([]);
  });

  test.runIf(hasDeltaRs)(
    "is appended to, merged into and deleted from by delta-rs and us at once (F25)",
    LONG,
    async () => {
      const path = join(folder, "at once with delta-rs");
      const properties = { "delta.enableDeletionVectors": "false" };
      await using table = await DeltaTable.create(path, { schema: { id: "string", note: "string" }, properties });
      await using judge = await startDeltaRs("1.6.3", { requestTimeoutMs: REQUEST_MS });
      expect(await mixed(table, deltaRsWriter(judge, path, { engine, folder }), judges)).toEqual([]);
    },
  );
});

/** Writes a table together with another engine; gives who sees other rows than those that commits told of. */
async function mixed(
  table: DeltaTable,
  other: MixedWriter,
  readers: readonly (DeltaRsJudge | SparkJudge)[],
): Promise<readonly string[]> {
  const { rows, committed, lost } = await writeTogether([ourWriter(table), other], MIXED_MS);
  process.stderr.write(`mixed writers: ${JSON.stringify({ committed, lost, rows: rows.length })}\n`);
  const wanted = canonicalRows(MIXED_SCHEMA, rows);
  await table.refresh();
  const seen: Row[] = [];
  for await (const batch of table.read()) seen.push(...batch);
  const found = canonicalRows(MIXED_SCHEMA, seen).sha256 === wanted.sha256 ? [] : ["we"];
  for (const reader of readers) {
    const { sha256 } = await reader.rows(table.path, { limitRows: 0 });
    if (sha256 !== wanted.sha256) found.push(`${reader.engine.name} ${reader.engine.version}`);
  }
  return found;
}

interface TestTable {
  readonly path: string;
  readonly log: DeltaLog;
  readonly properties: Readonly<Record<string, string>>;
}

function tableAt(engine: Engine, path: string, properties: Readonly<Record<string, string>> = {}): TestTable {
  const log = openLog(localStore(path), { world: realWorld(), checkpoints: engine.checkpoints });
  const wanted = { "delta.enableDeletionVectors": "true", "delta.checkpointInterval": "3", ...properties };
  return { path, log, properties: wanted };
}

async function opened(table: TestTable): Promise<OpenTable> {
  return { name: table.path, store: localStore(table.path), log: table.log, snapshot: await table.log.latest() };
}

async function append(engine: Engine, table: TestTable, first: number, count: number): Promise<void> {
  const rows: Row[] = Array.from({ length: count }, (_, index) => ({
    id: BigInt(first + index),
    amount: `${first + index}.10`,
    at: 1_600_000_000_000_001n + BigInt(index) * 1_000_003n,
    part: index % 3 === 0 ? null : `p ${index % 3}/ü%`,
    inner: { text: index % 2 === 0 ? null : "x".repeat(index), list: [BigInt(index), null] },
  }));
  const relation: Relation = { sql: "SELECT * FROM r", inputs: { r: { kind: "rows", schema: SCHEMA, rows } } };
  const create = { schema: SCHEMA, partitionColumns: ["part"], properties: table.properties };
  await engine.append(await opened(table), relation, { create });
}

/** Who sees other rows at the newest version than the log that has seen every commit; a log opened anew is asked as well. */
async function disagreements(
  judges: readonly (DeltaRsJudge | SparkJudge)[],
  table: TestTable,
  engine: Engine,
): Promise<readonly string[]> {
  const snapshot = await latestOf(table.log);
  const ours = await rowsOf(engine, table, snapshot);
  const fresh = tableAt(engine, table.path);
  const again = await rowsOf(engine, fresh, await latestOf(fresh.log));
  const found = again.sha256 === ours.sha256 ? [] : ["a log opened anew"];
  for (const judge of judges) {
    const theirs = await judge.rows(table.path, { limitRows: 0 });
    if (theirs.sha256 === ours.sha256) continue;
    const { name, version } = judge.engine;
    found.push(`${name} ${version} sees ${theirs.count} rows of version ${snapshot.version}, we see ${ours.count}`);
  }
  return found;
}

async function rowsOf(
  engine: Engine,
  table: TestTable,
  snapshot: Snapshot,
): Promise<{ readonly count: number; readonly sha256: string }> {
  const input = { kind: "table", table: { ...(await opened(table)), snapshot } } as const;
  const rows = await engine.rows({ sql: "SELECT * FROM t", inputs: { t: input } });
  return canonicalRows(JSON.parse(snapshot.metadata.schemaString) as DeltaStruct, rows);
}

/** Leaves nothing of the log from before its newest checkpoint, and gives that one's version. */
function keepNewestCheckpoint(path: string): number {
  const newest = Number(checkpointsOf(path).at(-1)?.slice(0, 20));
  const commits = readdirSync(join(path, "_delta_log")).filter((name) => name.endsWith(".json"));
  for (const name of commits) if (Number(name.slice(0, 20)) < newest) rmSync(join(path, "_delta_log", name));
  return newest;
}

function checkpointsOf(path: string): string[] {
  return readdirSync(join(path, "_delta_log"))
    .filter((name) => name.endsWith(".checkpoint.parquet"))
    .toSorted();
}
