import { mkdtempSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../../base/index.ts";
import { openLog } from "../../../delta/index.ts";
import { localStore } from "../../../storage/index.ts";
import { DuckDBInstance } from "../duckdb-api.ts";
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

  test("reads files in which they are marked as variants, shredded or not, beside others in which they are not", async () => {
    const text = String.raw`'\x05t'::BLOB`;
    const plain = `SELECT 1 AS id, {'metadata': ${EMPTY_NAMES}, 'value': ${text}} AS v, [{'value': '\\x00'::BLOB, 'metadata': ${EMPTY_NAMES}}] AS l`;
    const members =
      "{'metadata': '\\xAA'::BLOB, 'value': 1.10::DECIMAL(4,2), 'long': 9007199254740993, 'at': DATE '2024-02-29'}";
    const marked = `SELECT 2 AS id, ${members}::VARIANT AS v UNION ALL SELECT 3, NULL`;
    const two = {
      id: 2n,
      v: '{"at":"2024-02-29","long":9007199254740993,"metadata":"qg==","value":1.10}',
      l: null,
    };
    const three = { id: 3n, v: null, l: null };
    expect(await rowsOf(await tableOf(marked), "SELECT * FROM t ORDER BY id")).toEqual([two, three]);
    const mixed = await tableOf(plain, marked, plain.replace("SELECT 1", "SELECT 4"));
    expect(await rowsOf(mixed, "SELECT * FROM t ORDER BY id")).toEqual([
      { id: 1n, v: '"t"', l: ["null"] },
      two,
      three,
      { id: 4n, v: '"t"', l: ["null"] },
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
      message: expect.stringMatching(/in file 0\.parquet variants are shredded .*variantShredding/),
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

  /** A table of a file a query, with the log that another engine would have written. */
  async function tableOf(...queries: readonly string[]): Promise<OpenTable> {
    const path = join(folder, `table ${(tables += 1)}`);
    mkdirSync(join(path, "_delta_log"), { recursive: true });
    const instance = await DuckDBInstance.create(":memory:", {});
    const connection = await instance.connect();
    const adds: string[] = [];
    for (const [index, sql] of queries.entries()) {
      const file = join(path, `${index}.parquet`);
      await connection.run(`COPY (${sql}) TO '${file}' (FORMAT parquet)`);
      const { size } = statSync(file);
      adds.push(
        `{"add":{"path":"${index}.parquet","partitionValues":{},"size":${size},"modificationTime":1,"dataChange":true}}`,
      );
    }
    connection.closeSync();
    instance.closeSync();
    const features = '["variantType"]';
    const lines = [
      `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":${features},"writerFeatures":${features}}}`,
      `{"metaData":{"id":"t","format":{"provider":"parquet","options":{}},"schemaString":${JSON.stringify(SCHEMA)},"partitionColumns":[],"configuration":{}}}`,
      ...adds,
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
