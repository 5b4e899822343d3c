import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalLine, canonicalRows, type DeltaStruct, type RowObject } from "./canonical-rows.ts";
import {
  EVERY_TYPE_PARTITIONS,
  EVERY_TYPE_PROTOCOL,
  EVERY_TYPE_ROWS,
  EVERY_TYPE_SCHEMA,
  FAR_INSTANT_ROWS,
  makeEmptyTable,
  structOf,
} from "./every-type-table.ts";
import {
  requirePart,
  startDeltaRs,
  startSpark,
  type AppendRow,
  type DeltaRsJudge,
  type Judge,
  type SparkJudge,
} from "./judges.ts";

const SPARK_MS = 180_000; // Spark's first table alone takes ten seconds, and more on a busy machine.
const PAIR = structOf({ id: "long", name: "string" });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-judges-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!requirePart("delta-1.6.6"))("delta-rs", () => {
  let judge: DeltaRsJudge;
  beforeAll(async () => {
    judge = await startDeltaRs("1.6.6");
  });
  afterAll(() => judge?.close());

  test("floats of every size are written as we write them", async () => {
    const schema = structOf({ v: "double", f: "float" });
    const path = await makeEmptyTable(join(folder, "floats"), { schema });
    const rows = floatsOfEverySize().map((v) => ({ v, f: v }));
    await judge.append(path, asAppended(schema, rows));
    expect(await judge.rows(path, { limitRows: rows.length - 1 })).toEqual({
      version: 1,
      ...hashed(schema, rows),
      rows: null,
    });
  });

  test("a merge updates what matches and inserts the rest", async () => {
    const source = await makeEmptyTable(join(folder, "source"), { schema: PAIR });
    const target = await makeEmptyTable(join(folder, "target"), { schema: PAIR });
    await judge.append(source, [pair(1, "one"), pair(2, "two")]);
    await judge.append(target, [pair(2, "old"), pair(3, "three")]);
    const sourceFile = await onlyParquetFile(source);
    const merged = await judge.merge(target, sourceFile, "id");
    expect(merged).toMatchObject({ version: 2, metrics: { num_target_rows_updated: 1, num_target_rows_inserted: 1 } });
    expect(merged.cpuSeconds).toBeGreaterThan(0);
    const { rows } = await judge.query(target, "select name from t order by id desc");
    expect(rows).toEqual([{ name: "three" }, { name: "two" }, { name: "one" }]);

    const copy = join(folder, "copy");
    expect(await judge.writeParquetAsDelta(copy, sourceFile)).toMatchObject({ version: 0 });
    expect((await judge.rows(copy)).sha256).toBe((await judge.rows(source)).sha256);
  });

  test("an error is told and the judge lives on", async () => {
    await expect(judge.rows(join(folder, "nowhere"))).rejects.toThrow(/TableNotFoundError/);
    const path = await makeEmptyTable(join(folder, "errors"), { schema: PAIR });
    await expect(judge.append(path, [{ other: 1 }])).rejects.toThrow(/columns the table lacks/);
    await expect(judge.query(path, "select nonsense from t")).rejects.toThrow(/nonsense/);
    expect((await judge.rows(path)).count).toBe(0);
  });

  test("a late judge is stopped, and says so ever after", async () => {
    await using late = await startDeltaRs("1.6.6", { requestTimeoutMs: 500 });
    const path = await makeEmptyTable(join(folder, "late"), { schema: PAIR });
    const endless = late.query(path, "select count(*) from generate_series(1, 1000000000000) as g(i) where i % 7 = 3");
    await expect(endless).rejects.toThrow(/no answer: operation=query timeoutMs=500/);
    await expect(late.rows(path)).rejects.toThrow(/has ended/);
  });
});

const parts = (["delta-1.6.3", "delta-1.6.6", "spark"] as const).map(requirePart);
describe.skipIf(parts.includes(false))("all judges", () => {
  let judges: readonly Judge[];
  let spark: SparkJudge;
  beforeAll(async () => {
    spark = await startSpark();
    judges = [await startDeltaRs("1.6.3"), await startDeltaRs("1.6.6"), spark];
  }, SPARK_MS);
  afterAll(() => Promise.all((judges ?? []).map((judge) => judge.close())));

  test("each reads what each appended, at every version, as we write it", { timeout: SPARK_MS }, async () => {
    const path = join(folder, "every-type");
    await makeEmptyTable(path, { schema: EVERY_TYPE_SCHEMA, partitionColumns: EVERY_TYPE_PARTITIONS });
    for (const judge of judges) await judge.append(path, asAppended(EVERY_TYPE_SCHEMA, EVERY_TYPE_ROWS));
    for (const version of [0, 1, 2, 3]) {
      const rows = Array.from({ length: version }, () => EVERY_TYPE_ROWS).flat();
      const expected = {
        version,
        ...hashed(EVERY_TYPE_SCHEMA, rows),
        rows: asAppended(EVERY_TYPE_SCHEMA, rows),
      };
      for (const judge of judges) {
        const { rows: listed, ...answer } = await judge.rows(path, { version });
        expect({ engine: judge.engine, ...answer, rows: listed }).toEqual({ engine: judge.engine, ...expected });
      }
    }
    for (const judge of judges) {
      expect(await judge.versions(path)).toEqual([0, 1, 2, 3]);
      expect((await judge.history(path)).map((entry) => entry.version)).toEqual([0, 1, 2, 3]);
      expect(await judge.schema(path)).toEqual(EVERY_TYPE_SCHEMA);
      expect(await judge.protocol(path)).toEqual(EVERY_TYPE_PROTOCOL);
    }
  });

  test("all read instants far from now, and a negative decimal as a partition", { timeout: SPARK_MS }, async () => {
    const schema = structOf({ timestamp: "timestamp", part: "decimal(10,3)" });
    const path = await makeEmptyTable(join(folder, "far"), { schema, partitionColumns: ["part"] });
    const [deltaRs] = judges;
    await deltaRs?.append(path, asAppended(schema, FAR_INSTANT_ROWS));
    await spark.append(path, [{ part: "-1.25" }]);
    const expected = hashed(schema, [...FAR_INSTANT_ROWS, { part: "-1.25" }]);
    for (const judge of judges) {
      const { rows, ...answer } = await judge.rows(path);
      expect({ engine: judge.engine, rows, ...answer }).toEqual({
        engine: judge.engine,
        rows,
        version: 2,
        ...expected,
      });
    }
  });

  test("all read a table whose rows Spark marked as deleted", { timeout: SPARK_MS }, async () => {
    const path = await makeEmptyTable(join(folder, "deletion-vectors"), { schema: PAIR });
    await spark.sql(`alter table delta.\`${path}\` set tblproperties ('delta.enableDeletionVectors' = 'true')`);
    await spark.append(path, [pair(1, "one"), pair(2, "two"), pair(3, "three")]);
    await spark.sql(`delete from delta.\`${path}\` where id = 2`);
    const { rows } = await spark.sql(`select * from delta.\`${path}\` order by id desc`);
    expect(rows).toEqual([{ id: "3", name: "three" }, { id: "1", name: "one" }]); // prettier-ignore
    for (const judge of judges) {
      expect((await judge.protocol(path)).readerFeatures).toContain("deletionVectors");
      expect((await judge.rows(path, { columns: ["name"] })).rows).toEqual([{ name: "one" }, { name: "three" }]);
    }
  });

  test("a failure of Spark names its causes", { timeout: SPARK_MS }, async () => {
    await expect(spark.rows(join(folder, "nowhere"))).rejects.toThrow(/Cannot find a Delta table/);
    const path = await makeEmptyTable(join(folder, "lost"), { schema: PAIR });
    await spark.append(path, [pair(1, "one")]);
    await rm(await onlyParquetFile(path));
    await expect(spark.rows(path)).rejects.toThrow(/caused by .*FileNotFoundException/s);
  });
});

/** The lines as a judge lists them, which is also what a judge takes. */
function asAppended(schema: DeltaStruct, rows: readonly RowObject[]): readonly AppendRow[] {
  const lines = rows.map((row) => canonicalLine(schema, row)).toSorted();
  return lines.map((line) => JSON.parse(line) as AppendRow);
}

function hashed(schema: DeltaStruct, rows: readonly RowObject[]): { count: number; sha256: string } {
  const { count, sha256 } = canonicalRows(schema, rows);
  return { count, sha256 };
}

/** Both sides of every power of ten, where the notation and the number of digits change. */
function floatsOfEverySize(): readonly number[] {
  const exponents = Array.from({ length: 632 }, (_, index) => index - 323);
  return exponents.flatMap((exponent) => {
    const power = Number(`1e${exponent}`);
    return [power, -power * 1.5, power / 3, power - power * 2 ** -53];
  });
}

function pair(id: number, name: string): AppendRow {
  return { id, name };
}

async function onlyParquetFile(path: string): Promise<string> {
  const names = await readdir(path);
  return join(path, names.find((name) => name.endsWith(".parquet")) ?? "none");
}
