import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import { field, struct } from "../../contract/index.ts";
import { openLog, type Snapshot } from "../../delta/index.ts";
import { localStore } from "../../storage/index.ts";
import { duckdbEngine, type Engine, type OpenTable, type Row } from "../index.ts";

describe("a table that keeps partition columns in its files, too", () => {
  let folder = "";
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-partitions-"));
    const world = realWorld();
    engine = await duckdbEngine({ world, memoryBytes: 2 ** 28, threads: 2, spillFolder: folder, folders: [folder] });
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(["none", "name", "id"])("has them in every file that any verb writes (mapping %s)", async (mode) => {
    const table = tableAt(`with mapping ${mode}`);
    const properties = {
      "delta.feature.materializePartitionColumns": "supported",
      "delta.columnMapping.mode": mode,
    };
    const schema = struct([field("id", "long"), field("day", "date"), field("part", "string")]);
    const create = { schema, properties, partitionColumns: ["part", "day"] };
    await engine.append(await table(), { sql: rows(0, 20), inputs: {} }, { create });
    await expectStored(await table());
    await engine.merge(await table(), { source: { sql: rows(15, 25), inputs: {} }, keys: ["id"] });
    await engine.update(await table(), { set: { part: "'moved'" }, where: "id = 3" });
    await engine.delete(await table(), "id = 4");
    await expectStored(await table());
    await engine.optimize(await table(), { deletedShareMax: 0 });
    await expectStored(await table());
    await engine.overwrite(await table(), { sql: rows(0, 3), inputs: {} });
    expect(await expectStored(await table())).toHaveLength(3);
  });

  test("is not made of files that do not have them", async () => {
    const path = join(folder, "converted");
    const plain = tableAt("plain");
    const schema = struct([field("id", "long")]);
    await engine.append(await plain(), { sql: "SELECT 1 AS id", inputs: {} }, { create: { schema } });
    const [file = ""] = (await plain()).snapshot?.files.keys() ?? [];
    mkdirSync(join(path, "part=1"), { recursive: true });
    copyFileSync(join(folder, "plain", file), join(path, "part=1", "f.parquet"));
    const properties = { "delta.feature.materializePartitionColumns": "supported" };
    await expect(engine.convert(await tableAt("converted")(), { properties })).rejects.toThrow(
      /materializePartitionColumns/,
    );
    expect((await engine.convert(await tableAt("converted")(), {})).kind).toBe("committed");
  });

  function tableAt(name: string): () => Promise<OpenTable> {
    const store = localStore(join(folder, name));
    const log = openLog(store, { world: realWorld(), checkpoints: engine.checkpoints });
    return async () => ({ name, store, log, snapshot: await log.latest() });
  }

  /** The files by themselves give the rows that the table gives, and their statistics are of the other columns. */
  async function expectStored({ name, store, log, snapshot }: OpenTable): Promise<readonly Row[]> {
    const files = [...(snapshot as Snapshot).files.values()];
    const fields = (snapshot as Snapshot).metadata.schema.fields;
    const columns = fields.map(({ name: logical, metadata }) => {
      const physical = metadata["delta.columnMapping.physicalName"] ?? logical;
      return `"${String(physical)}" AS "${logical}"`;
    });
    const ordered = `SELECT ${columns.join(", ")} FROM f ORDER BY ALL`;
    const paths = files.map(({ path }) => join(store.localFolder ?? "", path));
    const input = { kind: "table", table: { name, store, log, snapshot } } as const;
    const read = await engine.rows({ sql: "SELECT * FROM t ORDER BY ALL", inputs: { t: input } });
    const isWhole = files.every(({ deletionVector }) => deletionVector === undefined);
    const stored = await engine.rows({ sql: ordered, inputs: { f: { kind: "parquet", files: paths } } });
    if (isWhole) expect(stored).toEqual(read);
    const ids = new Set(stored.map(({ id }) => id));
    expect(read.filter(({ id }) => !ids.has(id))).toEqual([]);
    for (const { stats = "{}" } of files) expect(Object.keys(JSON.parse(stats).minValues)).toHaveLength(1);
    return read;
  }
});

function rows(from: number, to: number): string {
  return `SELECT i AS id, DATE '2020-01-01' + (i % 2)::INTEGER AS day, CASE WHEN i % 3 > 0 THEN 'p ' || i % 3 END AS part FROM range(${from}, ${to}) r(i)`;
}
