import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import { field, struct } from "../../contract/index.ts";
import { openLog } from "../../delta/index.ts";
import { localStore } from "../../storage/index.ts";
import { duckdbEngine, type Engine, type OpenTable } from "../index.ts";

const FILES = 5;

describe("rows of several files meet what the log knows of their own file", () => {
  let folder = "";
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sluice-scan-"));
    const world = realWorld();
    engine = await duckdbEngine({ world, memoryBytes: 2 ** 28, threads: 2, spillFolder: folder, folders: [folder] });
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    { of: "many rows", each: 12_000 },
    { of: "few rows", each: 70 },
  ])("files of $of, some of which have deleted rows", async ({ each }) => {
    const rows = FILES * each;
    const table = tableAt(`of ${each}`);
    const create = { schema: struct([field("id", "long"), field("part", "string")]), partitionColumns: ["part"] };
    const sql = `SELECT i AS id, 'part ' || i // ${each} AS part FROM range(${rows}) t(i)`;
    await engine.append(await table(), { sql, inputs: {} }, { create });
    await engine.delete(await table(), `(part = 'part 1' AND id % 7 = 3) OR (part = 'part 4' AND id % 2 = 0)`);
    expect((await table()).snapshot?.files.size).toBe(FILES);

    const kept = await engine.rows({
      sql: `SELECT part, count(*)::VARCHAR AS n, sum(id)::VARCHAR AS sum, bool_and(part = 'part ' || id // ${each})::VARCHAR AS own
            FROM t GROUP BY part ORDER BY part`,
      inputs: { t: { kind: "table", table: await table() } },
    });
    const expected = Array.from({ length: FILES }, (_, part) => {
      const ids = Array.from({ length: each }, (_row, at) => part * each + at).filter((id) =>
        part === 1 ? id % 7 !== 3 : part !== 4 || id % 2 !== 0,
      );
      const sum = ids.reduce((total, id) => total + id, 0);
      return { part: `part ${part}`, n: String(ids.length), sum: String(sum), own: "true" };
    });
    expect(kept).toEqual(expected);
  });

  function tableAt(name: string): () => Promise<OpenTable> {
    const store = localStore(join(folder, name));
    const log = openLog(store, { world: realWorld(), checkpoints: engine.checkpoints });
    return async () => ({ name, store, log, snapshot: await log.latest() });
  }
});
