import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../src/base/index.ts";
import { arrayOf, decimal, field, mapOf, struct, type PrimitiveName } from "../src/contract/index.ts";
import { duckdbEngine, type Engine, type Row } from "../src/engine/index.ts";
import { latestOf } from "./delta-builders.ts";
import { featurePairs } from "./features/feature-pairs.ts";
import { FeatureTable } from "./features/feature-table.ts";
import { judgedTables } from "./features/judged-tables.ts";
import { requirePart, startDeltaRs, startSpark, type Judge } from "./services/judges.ts";

const hasDeltaRs = requirePart("delta-1.6.3");
const hasSpark = requirePart("spark");
const REQUEST_MS = 300_000;
/** Spark takes some seconds a statement, and more on a busy machine. */
const LONG = { timeout: 600_000 };

describe.runIf(hasSpark)(
  "what we write with a table feature reads alike elsewhere, and what others write reads here",
  () => {
    const judges = new Map<string, Judge>();
    let folder = "";
    let engine: Engine;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "sluice-features-"));
      const spillFolder = mkdtempSync(join(folder, "spill-"));
      const world = realWorld();
      engine = await duckdbEngine({ world, memoryBytes: 2 ** 29, threads: 2, spillFolder, folders: [folder] });
      if (hasDeltaRs) judges.set("delta-rs", await startDeltaRs("1.6.3", { requestTimeoutMs: REQUEST_MS }));
      judges.set("spark", await startSpark({ requestTimeoutMs: REQUEST_MS }));
    }, 300_000);

    afterAll(async () => {
      await Promise.all([...judges.values()].map((judge) => judge.close()));
      await engine[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    featurePairs(() => ({ engine, folder, judges }));
    judgedTables(() => ({ engine, folder, judges }));

    const tableAt = (name: string): FeatureTable => new FeatureTable(engine, join(folder, name), judges);

    test.each(["name", "id"])("columnMapping (%s)", LONG, async (mode) => {
      const inner = struct([field("text", "string"), field("more words", "long")]);
      const schema = struct([
        field("id", "long"),
        field("a part", "string"),
        field("amount", decimal(18, 2)),
        field("s", inner),
        field("l", arrayOf(inner)),
      ]);
      const table = tableAt(`mapping ${mode}`);
      const properties = { "delta.columnMapping.mode": mode, "delta.enableDeletionVectors": "true" };
      const rows = Array.from({ length: 5 }, (_, index): Row => ({
        id: BigInt(index),
        "a part": index % 2 === 0 ? null : `p ${index}`,
        amount: `${index}.50`,
        s: { text: `t${index}`, "more words": BigInt(index) },
        l: [{ text: null, "more words": 7n }],
      }));
      await table.append(schema, rows, { schema, partitionColumns: ["a part"], properties });
      await engine.delete(await table.open(), "id = 3");
      await engine.alter(await table.open(), { kind: "rename-column", column: ["amount"], to: "the sum" });
      await engine.alter(await table.open(), { kind: "rename-column", column: ["s", "text"], to: "words, many" });
      await engine.alter(await table.open(), { kind: "drop-column", column: ["l", "element", "text"] });
      await engine.alter(await table.open(), { kind: "rename-column", column: ["a part"], to: "part" });
      expect(await table.disagreements()).toEqual([]);
      const { spark, sqlName } = table;
      await spark.sql(
        `INSERT INTO ${sqlName} VALUES (100, 'x', 1.25, named_struct('words, many', 'w', 'more words', 1L), array(named_struct('more words', 2L)))`,
      );
      await spark.sql(`ALTER TABLE ${sqlName} RENAME COLUMN id TO key`);
      await spark.sql(`ALTER TABLE ${sqlName} DROP COLUMN \`the sum\``);
      await spark.sql(`ALTER TABLE ${sqlName} ADD COLUMN (\`the sum\` STRING, s.new INT)`);
      await spark.sql(`UPDATE ${sqlName} SET \`the sum\` = 'new' WHERE key = 1`);
      expect(await table.disagreements()).toEqual([]);
      const now = (await latestOf(table.log)).metadata.schema;
      await engine.append(await table.open(), {
        sql: "SELECT key + 1000 AS key, part, s, l, 'ours' AS \"the sum\" FROM t",
        inputs: { t: { kind: "table", table: await table.open() } },
      });
      const wider = { type: "struct" as const, fields: [...now.fields, field("and more", "long")] };
      await engine.merge(
        await table.open(),
        { source: { sql: 'SELECT 1 AS key, 5 AS "and more"', inputs: {} }, keys: ["key"] },
        { schema: wider },
      );
      expect(await table.disagreements()).toEqual([]);
    });

    test("columnMapping, switched on later by either side", LONG, async () => {
      const schema = struct([field("id", "long"), field("v", "string"), field("w", "string")]);
      const table = tableAt("mapping later");
      await table.append(schema, [{ id: 1n, v: "a", w: "b" }], { schema });
      const properties = { "delta.columnMapping.mode": "name" };
      await engine.alter(await table.open(), { kind: "set-properties", properties });
      await engine.alter(await table.open(), { kind: "rename-column", column: ["v"], to: "vv" });
      await table.append(struct([field("id", "long"), field("vv", "string")]), [{ id: 2n, vv: "c" }]);
      expect(await table.disagreements()).toEqual([]);
      const theirs = tableAt("mapping later, theirs");
      await theirs.append(schema, [{ id: 1n, v: "a", w: "b" }], { schema });
      await theirs.spark.sql(
        `ALTER TABLE ${theirs.sqlName} SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5')`,
      );
      await theirs.spark.sql(`ALTER TABLE ${theirs.sqlName} DROP COLUMN v`);
      await engine.append(
        await theirs.open(),
        { sql: "SELECT 3 AS id, 'x' AS w, 'again' AS v", inputs: {} },
        { schema: struct([field("id", "long"), field("w", "string"), field("v", "string")]) },
      );
      expect(await theirs.disagreements()).toEqual([]);
    });

    test("checkConstraints, invariants, generatedColumns, allowColumnDefaults", LONG, async () => {
      const schema = struct([
        field("id", "long"),
        { ...field("name", "string"), nullable: false },
        field("at", "timestamp"),
        field("day", "date", { "delta.generationExpression": "CAST(at AS DATE)" }),
        field("kind", "string", { CURRENT_DEFAULT: "'new'" }),
        field("n", "long", { "delta.invariants": '{"expression":{"expression":"n < 100"}}' }),
      ]);
      const given = struct(schema.fields.filter(({ name }) => name !== "day" && name !== "kind"));
      const table = tableAt("rules");
      const properties = { "delta.enableDeletionVectors": "true" };
      await table.append(given, [{ id: 1n, name: "a", at: 5n, n: 1n }], {
        schema,
        properties,
        partitionColumns: ["day"],
      });
      const positive = { kind: "add-constraint", name: "positive", expression: "id > 0 AND `name` <> 'x'" } as const;
      await engine.alter(await table.open(), positive);
      expect(await table.disagreements()).toEqual([]);
      const { spark, sqlName } = table;
      await spark.sql(`INSERT INTO ${sqlName} (id, name, at, n) VALUES (2, 'b', timestamp'2020-01-02 03:04:05', 2)`);
      expect(await table.disagreements()).toEqual([]);
      for (const values of [
        "(-1, 'b', now(), 1)",
        "(3, 'x', now(), 1)",
        "(3, 'b', now(), 100)",
        "(3, NULL, now(), 1)",
      ]) {
        await expect(spark.sql(`INSERT INTO ${sqlName} (id, name, at, n) VALUES ${values}`)).rejects.toThrow(
          /CHECK|NOT.NULL|constraint|invariant/i,
        );
      }
      await spark.sql(`ALTER TABLE ${sqlName} ADD CONSTRAINT small CHECK (length(name) < 5 OR kind IN ("long"))`);
      await expect(table.append(given, [{ id: 3n, name: "a long one", at: 5n, n: 1n }])).rejects.toThrow(
        /constraint small/,
      );
      await table.append(given, [{ id: 3n, name: "c", at: 86_400_000_005n, n: 1n }]);
      await engine.delete(await table.open(), "id = 2");
      expect(await table.disagreements()).toEqual([]);
    });

    test.each(["none", "name", "id"])("changeDataFeed, with column mapping %s", LONG, async (mode) => {
      const schema = struct([field("id", "long"), field("p", "string"), field("v", "string")]);
      const table = tableAt(`feed ${mode}`);
      const properties = {
        "delta.enableChangeDataFeed": "true",
        "delta.enableDeletionVectors": "true",
        "delta.columnMapping.mode": mode,
      };
      const rows = Array.from({ length: 10 }, (_, index): Row => ({ id: BigInt(index), p: `p${index % 2}`, v: "a" }));
      await table.append(schema, rows, { schema, properties, partitionColumns: ["p"] });
      await engine.delete(await table.open(), "id = 3");
      const source = { sql: "SELECT i AS id, 'p0' AS p, 'b' AS v FROM range(8, 12) t(i)", inputs: {} };
      await engine.merge(await table.open(), { source, keys: ["id"], matched: { deleteWhen: "source.id = 9" } });
      const { spark, sqlName } = table;
      await spark.sql(`UPDATE ${sqlName} SET v = 'c' WHERE id = 5`);
      await spark.sql(`DELETE FROM ${sqlName} WHERE id IN (0, 1)`);
      await engine.optimize(await table.open());
      await engine.overwrite(await table.open(), { sql: "SELECT 77 AS id, 'p1' AS p, 'd' AS v", inputs: {} });
      expect(await table.disagreements()).toEqual([]);
      const last = (await latestOf(table.log)).version;
      const select = "SELECT id, p, v, _change_type, _commit_version";
      const order = "ORDER BY _commit_version, id, _change_type";
      const theirs = await spark.sql(`${select} FROM table_changes_by_path('${table.path}', 0, ${last}) ${order}`);
      const ours = await engine.rows({
        sql: `${select} FROM c ${order}`,
        inputs: { c: { kind: "changes", table: await table.open(), from: 0, to: last } },
      });
      const shown = ours.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
      );
      expect(shown).toEqual(theirs.rows);
      expect(new Set(shown.map((row) => row["_change_type"]))).toEqual(
        new Set(["insert", "delete", "update_preimage", "update_postimage"]),
      );
    });

    test("typeWidening", LONG, async () => {
      const schema = struct([
        field("id", "integer"),
        field("d", "date"),
        field("f", "float"),
        field("m", decimal(6, 2)),
        field("s", struct([field("x", "short")])),
        field("l", arrayOf("integer")),
        field("k", mapOf("byte", "decimal(4,1)")),
      ]);
      const table = tableAt("widening");
      const properties = { "delta.enableTypeWidening": "true", "delta.enableDeletionVectors": "true" };
      const row: Row = { id: 1, d: "2020-02-29", f: 0.1, m: "1234.56", s: { x: 7 }, l: [1, null], k: [[5, "999.9"]] };
      await table.append(schema, [row, { ...row, id: 2 }], { schema, properties });
      const { spark, sqlName } = table;
      const widen = async (column: readonly string[], type: PrimitiveName): Promise<unknown> =>
        await engine.alter(await table.open(), { kind: "widen-column", column, type });
      await widen(["id"], "long");
      await widen(["d"], "timestamp_ntz");
      await widen(["m"], "decimal(10,4)");
      await widen(["s", "x"], "integer");
      await widen(["l", "element"], "long");
      await widen(["k", "key"], "integer");
      await widen(["k", "value"], "decimal(8,3)");
      expect(await table.disagreements("spark")).toEqual([]);
      await spark.sql(`ALTER TABLE ${sqlName} ALTER COLUMN f TYPE double`);
      await spark.sql(`ALTER TABLE ${sqlName} ALTER COLUMN s.x TYPE bigint`);
      await spark.sql(
        `INSERT INTO ${sqlName} VALUES (5000000000, timestamp_ntz'2021-01-01 01:02:03', 0.1, 1.2345, named_struct('x', 5000000000), array(5000000000), map(70000, 1.234))`,
      );
      await engine.delete(await table.open(), "id = 2");
      await engine.optimize(await table.open());
      expect(await table.disagreements("spark")).toEqual([]);
    });

    test("inCommitTimestamp and rowTracking, switched on later", LONG, async () => {
      const schema = struct([field("id", "long"), field("v", "long")]);
      const table = tableAt("own times");
      const rows = Array.from({ length: 6 }, (_, index): Row => ({ id: BigInt(index), v: 0n }));
      await table.append(schema, rows, { schema, properties: { "delta.enableDeletionVectors": "true" } });
      await engine.delete(await table.open(), "id = 5");
      const { spark, sqlName } = table;
      const properties = { "delta.enableInCommitTimestamps": "true", "delta.enableRowTracking": "true" };
      await engine.alter(await table.open(), { kind: "set-properties", properties });
      await spark.sql(`INSERT INTO ${sqlName} VALUES (10, 0), (11, 0)`);
      await engine.merge(await table.open(), {
        source: { sql: "SELECT 11 AS id, 1 AS v UNION ALL SELECT 1, 1 UNION ALL SELECT 20, 1", inputs: {} },
        keys: ["id"],
      });
      await spark.sql(`UPDATE ${sqlName} SET v = 2 WHERE id IN (2, 11)`);
      await engine.optimize(await table.open(), { deletedShareMax: 0 });
      await engine.update(await table.open(), { set: { v: "3" }, where: "id in (11, 20)" });
      expect(await table.disagreements("spark")).toEqual([]);
      const theirIds = await spark.sql(
        `SELECT id, _metadata.row_id AS r, _metadata.row_commit_version AS c FROM ${sqlName} ORDER BY id`,
      );
      const ours = await engine.rows({
        sql: "SELECT id::VARCHAR AS id, _row_id::VARCHAR AS r, _row_commit_version::VARCHAR AS c FROM t ORDER BY t.id",
        inputs: { t: { kind: "table", table: await table.open(), rowIds: true } },
      });
      expect(ours).toEqual(theirIds.rows);
      expect(new Map(ours.map(({ id, c }) => [id, c]))).toEqual(
        new Map(Object.entries({ 0: "2", 1: "4", 2: "5", 3: "2", 4: "2", 10: "3", 11: "7", 20: "7" })),
      );
      const told = await spark.history(table.path);
      const theirs = new Map(told.map((entry) => [entry.version, Date.parse(String(entry["timestamp"]))]));
      for await (const { version, timestampMs } of table.log.history()) {
        if (version > 0) expect({ version, timestampMs }).toEqual({ version, timestampMs: theirs.get(version) });
      }
    });
  },
);
