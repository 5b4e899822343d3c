import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { CONTENT_DAMAGES } from "./content-damages.ts";
import { dataFile } from "./damage.ts";
import { LOG_DAMAGES } from "./log-damages.ts";
import { TableCopy, openAt, readTable, writeSample } from "./table-copies.ts";

let folder = "";
let engine: Engine;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-damaged-"));
  const spillFolder = mkdtempSync(join(folder, "spill-"));
  engine = await duckdbEngine({ world: realWorld(), memoryBytes: 2 ** 29, threads: 2, spillFolder, folders: [folder] });
  await writeSample(engine, join(folder, "plain"));
  await writeSample(engine, join(folder, "checkpoints"), { "delta.checkpointInterval": "2" });
  for (const mode of ["name", "id"])
    await writeSample(engine, join(folder, mode), { "delta.columnMapping.mode": mode });
}, 120_000);

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe("a table with", () => {
  test.each([...LOG_DAMAGES, ...CONTENT_DAMAGES])("$name", async ({ damage, outcome, checkpoints, columnMapping }) => {
    const original = join(folder, columnMapping ?? (checkpoints === true ? "checkpoints" : "plain"));
    const table = new TableCopy(original, folder);
    damage(table);
    const found = await readTable(engine, table.path).catch((error: unknown) => error);
    if (outcome === "no table") expect(found).toBeUndefined();
    else if ("version" in outcome) expect(found).toEqual(await readTable(engine, original, outcome.version));
    else {
      expect(found).toMatchObject({ code: outcome[0], message: expect.stringMatching(outcome[1]) });
    }
  });
});

describe("a version that is gone", () => {
  test("is refused by its number after its log was cleaned up, and by its file after a vacuum", async () => {
    const table = new TableCopy(join(folder, "checkpoints"), folder);
    const gone = dataFile(table);
    rmSync(table.log(0));
    await expect(readTable(engine, table.path, 0)).rejects.toMatchObject({
      code: "table.version-missing",
      message: expect.stringMatching(/version 0 .*cleaned up/),
    });
    await expect(readTable(engine, table.path, 7)).rejects.toMatchObject({ code: "table.version-missing" });
    const { log } = openAt(engine, table.path);
    await expect(log.atTime(0)).rejects.toMatchObject({ code: "table.version-missing" });
    rmSync(gone);
    await expect(readTable(engine, table.path, 1)).rejects.toMatchObject({
      code: "table.corrupt",
      message: expect.stringMatching(/\.parquet of table/),
    });
  });
});
