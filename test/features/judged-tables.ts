import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { field, struct } from "../../src/contract/index.ts";
import { clone } from "../../src/delta/index.ts";
import { realWorld } from "../../src/base/index.ts";
import type { Row } from "../../src/engine/index.ts";
import { localStore, withOutside } from "../../src/storage/index.ts";
import { latestOf } from "../delta-builders.ts";
import type { DeltaRsJudge } from "../services/judges.ts";
import type { PairsPlace } from "./feature-pairs.ts";
import { FeatureTable } from "./feature-table.ts";

/** Spark takes some seconds a statement, and more on a busy machine. */
const LONG = { timeout: 600_000 };
const SCHEMA = struct([field("id", "long"), field("part", "string"), field("v", "double")]);

/** Tables of a kind that no feature of the pairs stands for, made by one side and read by the others. */
export function judgedTables(place: () => PairsPlace): void {
  const tableAt = (name: string): FeatureTable => {
    const { engine, folder, judges } = place();
    return new FeatureTable(engine, join(folder, name), judges);
  };

  test(
    "tables that are clustered along a curve, and folders that are converted, read alike elsewhere",
    LONG,
    async () => {
      const { engine, judges } = place();
      for (const curve of ["hilbert", "z-order"] as const) {
        const table = tableAt(`clustered by ${curve}`);
        const create = { schema: struct([field("id", "long"), field("k", "long")]) };
        // More than two row groups, below which a file is not split.
        const rows = "SELECT i AS id, i * 7919 % 300000 AS k FROM range(300000) r(i)";
        await engine.append(await table.open(), { sql: rows, inputs: {} }, { create });
        const options = { clusterBy: ["id", "k"], curve, targetBytes: 1 };
        const { metrics } = await engine.optimize(await table.open(), options);
        expect(metrics.filesAdded).toBeGreaterThan(1);
        const input = { kind: "table", table: await table.open() } as const;
        const ours = await engine.rows({ sql: sums("t"), inputs: { t: input } });
        // One of the two will do for Spark, which takes its time.
        if (curve === "hilbert") expect((await table.spark.sql(sums(table.sqlName))).rows).toEqual(ours);
        const deltaRs = judges.get("delta-rs") as DeltaRsJudge | undefined;
        if (deltaRs !== undefined) expect((await deltaRs.query(table.path, sums("t"))).rows).toEqual(ours);
      }
      const source = tableAt("to be converted");
      await source.append(
        struct([field("id", "long"), field("v", "double")]),
        [
          { id: 1n, v: 0.5 },
          { id: 2n, v: null },
        ],
        {
          schema: struct([field("id", "long"), field("v", "double")]),
        },
      );
      const converted = tableAt("converted");
      for (const [index, path] of [...(await latestOf(source.log)).files.keys()].entries()) {
        for (const day of ["2024-02-29", "__HIVE_DEFAULT_PARTITION__"]) {
          const bytes = await source.store.read(path);
          await converted.store.create(`day=${day}/an odd%20name ${index}.parquet`, bytes);
        }
      }
      await engine.convert(await converted.open(), { partitionTypes: { day: "date" } });
      expect(await converted.rows()).toHaveLength(4);
      expect(await converted.disagreements()).toEqual([]);
      await engine.append(await converted.open(), { sql: "SELECT 3 AS id, DATE '2024-03-01' AS day", inputs: {} });
      expect(await converted.disagreements()).toEqual([]);
    },
  );

  test("a shallow clone of ours is one to Spark and to delta-rs, and one of Spark's is one to us", LONG, async () => {
    const { engine, folder, judges } = place();
    const source = tableAt("source, and a blank");
    const create = {
      schema: SCHEMA,
      partitionColumns: ["part"],
      properties: { "delta.enableDeletionVectors": "true" },
    };
    await source.append(
      SCHEMA,
      Array.from({ length: 10 }, (_, id): Row => ({ id: BigInt(id), part: id % 2 === 0 ? "a b" : null, v: 0 })),
      create,
    );
    await engine.delete(await source.open(), "id = 3");
    const cloneAt = (name: string, trusted: readonly string[]): FeatureTable => {
      const store = withOutside(
        localStore(join(folder, name)),
        trusted.map((path) => localStore(path)),
      );
      return new FeatureTable(engine, join(folder, name), judges, store);
    };
    const ours = cloneAt("our clone", [source.path]);
    const world = realWorld();
    await clone(
      { name: "source", store: source.store, log: source.log, snapshot: await latestOf(source.log) },
      { name: "clone", store: ours.store, log: ours.log, world },
    );
    expect(await ours.rows()).toEqual(await source.rows());
    expect(await ours.disagreements()).toEqual([]);
    await engine.delete(await ours.open(), "id = 4");
    const { spark } = source;
    await spark.sql(`DELETE FROM ${ours.sqlName} WHERE id IN (4, 5)`);
    await spark.sql(`INSERT INTO ${ours.sqlName} VALUES (20, 'new', 1.5)`);
    expect(await ours.disagreements()).toEqual([]);
    expect((await ours.rows()).map(({ id }) => Number(id)).toSorted((left, right) => left - right)).toEqual([
      0, 1, 2, 6, 7, 8, 9, 20,
    ]);
    const theirs = cloneAt("their clone", [source.path, ours.path]);
    await spark.sql(`CREATE TABLE ${theirs.sqlName} SHALLOW CLONE ${ours.sqlName}`);
    expect(await theirs.rows()).toEqual(await ours.rows());
    await engine.merge(await theirs.open(), {
      source: {
        sql: "SELECT 6 AS id, 'a b' AS part, 9.5::DOUBLE AS v UNION ALL SELECT 30, 'x', 1::DOUBLE",
        inputs: {},
      },
      keys: ["id"],
    });
    expect(await theirs.disagreements()).toEqual([]);
    expect(await source.rows()).toHaveLength(9);
  });

  test("a log that only V2 checkpoints are left of is read by either side, whoever wrote them", LONG, async () => {
    const { engine } = place();
    const table = tableAt("second form");
    const properties = {
      "delta.checkpointPolicy": "v2",
      "delta.checkpointInterval": "2",
      "delta.enableDeletionVectors": "true",
    };
    for (let id = 0; id < 4; id += 1) {
      await table.append(
        SCHEMA,
        [
          { id: BigInt(id), part: "p", v: 1 },
          { id: BigInt(id + 10), part: null, v: 2 },
        ],
        { schema: SCHEMA, properties },
      );
    }
    await engine.delete(await table.open(), "id = 2");
    await table.append(SCHEMA, [{ id: 50n, part: "ours", v: 3 }]);
    forgetCommits(table.path, 5);
    expect(await table.disagreements()).toEqual([]);
    const { spark, sqlName } = table;
    await spark.sql(`INSERT INTO ${sqlName} VALUES (51, 'theirs', 3)`);
    const newest = Math.max(...checkpointsOf(table.path));
    expect(newest).toBeGreaterThan(5);
    forgetCommits(table.path, newest);
    const reopened = tableAt("second form");
    expect(await reopened.rows()).toHaveLength(9);
    expect(await reopened.disagreements()).toEqual([]);
  });

  test("variants that Spark wrote are the JSON that it makes of them", LONG, async () => {
    const table = tableAt("variants");
    const { spark, sqlName } = table;
    await spark.sql(
      `CREATE TABLE ${sqlName} (id BIGINT, v VARIANT, s STRUCT<x: VARIANT>, l ARRAY<VARIANT>, m MAP<STRING, VARIANT>) USING delta`,
    );
    const nested = String.raw`parse_json('{"a":1,"long":9007199254740993,"b":[1.5,null,"x\\"y ü"],"c":{"d":true,"e":12345678901234567890.123},"":{},"z":[]}')`;
    const typed =
      "to_variant_object(named_struct('ts', timestamp'2020-01-01 01:02:03.123450', 'old', timestamp'0001-01-01 00:00:00', 'ntz', timestamp_ntz'1969-12-31 23:59:59.1', " +
      "'d', date'2024-02-29', 'f', float(0.1), 'g', double(1e22), 'h', double(3), 'i', X'AA00', 'j', CAST(1.10 AS DECIMAL(38,20)), 'k', double('NaN'), 'y', tinyint(-5)))";
    await spark.sql(
      `INSERT INTO ${sqlName} VALUES (1, ${nested}, named_struct('x', parse_json('1')), array(parse_json('"t"'), NULL), map('k', parse_json('[2]'))), ` +
        `(2, ${typed}, NULL, NULL, NULL), (3, NULL, named_struct('x', NULL), array(), map()), (4, parse_json('null'), NULL, NULL, NULL)`,
    );
    const { rows: theirs } = await spark.sql(
      `SELECT CAST(id AS STRING) AS id, to_json(v) AS v, to_json(s.x) AS x, to_json(get(l, 0)) AS l, to_json(m['k']) AS m FROM ${sqlName} ORDER BY id`,
    );
    const ours = await place().engine.rows({
      sql: "SELECT id::VARCHAR AS id, v, s.x AS x, l[1] AS l, m['k'] AS m FROM t ORDER BY id",
      inputs: { t: { kind: "table", table: await table.open() } },
    });
    // The engine knows no difference between a variant that is null and none.
    expect(ours[3]?.["v"]).toBeNull();
    expect(shown(ours)).toEqual(shown(theirs ?? []));
    await expect(place().engine.delete(await table.open(), "id = 1")).rejects.toThrow(/it uses variantType/);
  });
}

/** A question that every dialect understands, with a filter that files are left out by. */
function sums(from: string): string {
  return `SELECT CAST(count(*) AS VARCHAR(9)) AS n, CAST(sum(id * k) AS VARCHAR(30)) AS s FROM ${from} WHERE id < 5000 OR k BETWEEN 1000 AND 9000`;
}

function shown(rows: readonly object[]): readonly object[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainNumbers(value)])));
}

/** JSON with its numbers in one form: `1.10` and `1.1`, `1.0E22` and `1e+22` are the same; no digit is lost on the way. */
function plainNumbers(json: unknown): unknown {
  if (typeof json !== "string") return json ?? null;
  if (json === "null") return null;
  return json.replaceAll(/(?<=[:,[]|^)-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[,\]}]|$)/g, (text) => {
    const [, sign = "", whole = "", fraction = "", exponent = "0"] =
      /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
    const digits = `${whole}${fraction}`.replace(/^0+(?=\d)/, "");
    const significant = digits.replace(/0+$/, "") || "0";
    return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
  });
}

function checkpointsOf(path: string): readonly number[] {
  const names = readdirSync(join(path, "_delta_log"));
  return names
    .filter((name) => /^\d{20}\.checkpoint\.[0-9a-f-]{36}\.(?:parquet|json)$/.test(name))
    .map((name) => Number(name.slice(0, 20)));
}

/** Takes the commits before a version away, and checkpoints, too: what is read rests on the one that is left. */
function forgetCommits(path: string, version: number): void {
  expect(checkpointsOf(path)).toContain(version);
  for (const name of readdirSync(join(path, "_delta_log"))) {
    const digits = /^\.?(\d{20})\./.exec(name)?.[1];
    if (digits !== undefined && Number(digits) < version) rmSync(join(path, "_delta_log", name));
  }
}
