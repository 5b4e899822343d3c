import { mkdtempSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../../base/index.ts";
import { openLog } from "../../../delta/index.ts";
import { localStore } from "../../../storage/index.ts";
import { duckdbEngine, type Engine, type OpenTable, type Row } from "../../index.ts";

const SCHEMA =
  '{"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}},' +
  '{"name":"v","type":"variant","nullable":true,"metadata":{}},' +
  '{"name":"l","type":{"type":"array","elementType":"variant","containsNull":true},"nullable":true,"metadata":{}}]}';
const EMPTY_NAMES = String.raw`'\x01\x00\x00'::BLOB`;

describe("a table with variants", () => {
  let folder = "";
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-variants-"));
    const world = realWorld();
    engine = await duckdbEngine({ world, memoryBytes: 2 ** 28, threads: 2, spillFolder: folder, folders: [folder] });
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("shows them as JSON text, to every query, over many rows and threads", async () => {
    const value = String.raw`CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN '\x00'::BLOB ELSE '\x0C\x07'::BLOB END`;
    const variant = `CASE WHEN i % 3 = 0 THEN NULL ELSE {'value': ${value}, 'metadata': ${EMPTY_NAMES}} END`;
    const table = await tableOf(`SELECT i AS id, ${variant} AS v, [${variant}, NULL] AS l FROM range(100000) t(i)`);
    expect(await rowsOf(table, "SELECT * FROM t WHERE id BETWEEN 3 AND 5 ORDER BY id")).toEqual([
      { id: 3n, v: null, l: [null, null] },
      { id: 4n, v: "null", l: ["null", null] },
      { id: 5n, v: "7", l: ["7", null] },
    ]);
    expect(await rowsOf(table, "SELECT count(v) AS n, sum(TRY_CAST(v AS BIGINT)) AS s FROM t")).toEqual([
      { n: 66_666n, s: 33_333n * 7n },
    ]);
  });

  test("refuses bytes that are none, with what is wrong", async () => {
    const bytes = String.raw`'\x0C'::BLOB`;
    const table = await tableOf(`SELECT 1 AS id, {'value': ${bytes}, 'metadata': ${EMPTY_NAMES}} AS v, NULL AS l`);
    await expect(rowsOf(table, "SELECT * FROM t")).rejects.toMatchObject({
      code: "table.corrupt",
      message: expect.stringMatching(/a value of type variant: .*cut off/),
    });
    expect(await rowsOf(table, "SELECT id FROM t")).toEqual([{ id: 1n }]);
  });

  test("refuses files whose variants are shredded, whatever the protocol says", async () => {
    const shredded = String.raw`{'metadata': ${EMPTY_NAMES}, 'value': NULL::BLOB, 'typed_value': 5}`;
    const table = await tableOf(`SELECT 1 AS id, ${shredded} AS v, NULL AS l`);
    await expect(rowsOf(table, "SELECT * FROM t")).rejects.toMatchObject({
      code: "table.unsupported",
      message: expect.stringMatching(/shredded in file f\.parquet .*variantShredding/),
    });
  });

  test("is refused to writers by the name of the feature", async () => {
    const table = await tableOf(`SELECT 1 AS id, NULL::STRUCT(metadata BLOB, value BLOB) AS v, NULL AS l`);
    const rows = { sql: "SELECT 2 AS id", inputs: {} };
    await expect(engine.append(table, rows)).rejects.toThrow(/it uses variantType/);
    await expect(engine.delete(table, "id = 1")).rejects.toThrow(/it uses variantType/);
    const create = { schema: JSON.parse(SCHEMA) };
    const nothing = join(folder, "nothing");
    const log = openLog(localStore(nothing), { world: realWorld(), checkpoints: engine.checkpoints });
    const none = { name: nothing, store: localStore(nothing), log, snapshot: undefined };
    await expect(engine.append(none, rows, { create })).rejects.toThrow(/variantType/);
  });

  let tables = 0;

  /** A table of one file, with the log that another engine would have written. */
  async function tableOf(sql: string): Promise<OpenTable> {
    const path = join(folder, `table ${(tables += 1)}`);
    mkdirSync(join(path, "_delta_log"), { recursive: true });
    const file = join(path, "f.parquet");
    await engine.export({ sql, inputs: {} }, file, "parquet");
    const features = '["variantType"]';
    const lines = [
      `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":${features},"writerFeatures":${features}}}`,
      `{"metaData":{"id":"t","format":{"provider":"parquet","options":{}},"schemaString":${JSON.stringify(SCHEMA)},"partitionColumns":[],"configuration":{}}}`,
      `{"add":{"path":"f.parquet","partitionValues":{},"size":${statSync(file).size},"modificationTime":1,"dataChange":true}}`,
    ];
    writeFileSync(join(path, `_delta_log/${"0".padStart(20, "0")}.json`), lines.join("\n"));
    const store = localStore(path);
    const log = openLog(store, { world: realWorld(), checkpoints: engine.checkpoints });
    return { name: path, store, log, snapshot: await log.latest() };
  }

  async function rowsOf(table: OpenTable, sql: string): Promise<readonly Row[]> {
    return await engine.rows({ sql, inputs: { t: { kind: "table", table } } });
  }
});
