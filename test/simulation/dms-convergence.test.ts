import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedWorld } from "../../src/base/index.ts";
import type { BronzeDefinition, SilverDefinition } from "../../src/definition/index.ts";
import { duckdbEngine, textOf, type Engine } from "../../src/engine/index.ts";
import {
  foldSilver,
  foldTarget,
  ingestBronze,
  openNewest,
  placeOf,
  type LayerContext,
} from "../../src/layers/index.ts";
import { dmsFiles, type DmsFilesOptions } from "../../src/sources/index.ts";
import { memoryStore } from "../../src/storage/index.ts";
import { openTemporaryFolder } from "../temporary-folder.ts";
import { dmsScenarios, writeHistory, type ArrivingFile, type DmsScenario } from "./dms-history.ts";
import { simulatedTables } from "./simulated-lake.ts";

const SEED = Number(process.env["SLUICE_SEED"] ?? "20260101");
const RUNS = Number(process.env["SLUICE_RUNS"] ?? "3");

let engine: Engine;
let spill: string;

beforeAll(async () => {
  spill = await mkdtemp(join(tmpdir(), "sluice-dms-simulation-"));
  const world = simulatedWorld(SEED);
  engine = await duckdbEngine({ memoryBytes: 512 * 1024 * 1024, threads: 2, spillFolder: spill, world });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(spill, { recursive: true, force: true });
});

const NOTHING_SAID = { pii: false, tags: {} };

const SETTINGS: DmsFilesOptions["settings"] = {
  addColumnName: false,
  csvDelimiter: ",",
  csvRowDelimiter: "\n",
  csvNullValue: "NULL",
  rfc4180: true,
};

const BRONZE: BronzeDefinition = {
  layer: "bronze",
  name: "bronze.things",
  meaning: { tags: {} },
  source: { kind: "dms", folder: "/nowhere", schema: "shop", table: "things", keys: ["id"], settings: SETTINGS }, // prettier-ignore
  hints: [],
  unreadableAtMost: 0,
  properties: {},
  autoCompact: false,
};

const SILVER: SilverDefinition = {
  layer: "silver",
  name: "silver.things",
  meaning: { tags: {} },
  from: "bronze.things",
  keys: ["id"],
  columns: ["id", "value"].map((name) => ({
    name,
    type: "string",
    meaning: NOTHING_SAID,
    from: { kind: "attribute", path: [name] },
  })),
  deletes: "hard",
  ttlDeletes: "hard",
  rules: [],
  joins: [],
  partitionBy: [],
  merge: "deletion-vectors",
  properties: {},
  clusterBy: [],
  autoCompact: false,
};

function optionsOf({ hasTime, hasSequence }: DmsScenario): DmsFilesOptions {
  return {
    schema: "shop",
    table: "things",
    keys: ["id"],
    columns: ["id", "value", ...(hasTime ? ["ts"] : []), ...(hasSequence ? ["seq"] : [])],
    hints: [],
    settings: { ...SETTINGS, ...(hasTime ? { timestampColumnName: "ts" } : {}) },
    ...(hasSequence ? { sequenceColumn: "seq" } : {}),
  };
}

test("however a history is cut into files, whenever they are looked at and however often a task is loaded anew, Silver is the table", async () => {
  await fc.assert(
    fc.asyncProperty(dmsScenarios, async (scenario) => {
      const world = simulatedWorld(1);
      const root = memoryStore({ world });
      const bucket = memoryStore({ world });
      const options = optionsOf(scenario);
      let runs = 0;
      const run = async (): Promise<LayerContext> => {
        runs += 1;
        // A process of its own each time: nothing is remembered but what is in the lake.
        const context = { engine, tables: simulatedTables(root, world, engine), world, run: `run-${runs}` };
        const source = dmsFiles(options, { store: bucket, engine, world });
        const outcome = await ingestBronze(context, BRONZE, source, { openFolder: openTemporaryFolder });
        if (outcome.problem !== undefined) throw outcome.problem;
        if (outcome.batches > 0) await foldSilver(context, foldTarget(context, SILVER, BRONZE));
        return context;
      };
      const { tasks, state } = writeHistory(scenario);
      let written = 0;
      const arrive = async ({ path, body }: ArrivingFile): Promise<void> => {
        await bucket.replace(path, body);
        await world.sleep(1_000);
        written += 1;
        if (scenario.looks[written % scenario.looks.length] === true) await run();
      };
      for (const { load, changes } of tasks) {
        for (const file of load) await arrive(file);
        // A load is looked at before the next one replaces it: what was never seen needs no replacing.
        if (load.length > 0) await run();
        for (const file of swapped(changes, scenario.swaps)) await arrive(file);
      }
      await world.sleep(16 * 60_000);
      if (written === 0) return;
      const context = await run();
      expect(await rowsOf(context)).toEqual(Object.fromEntries(state));
      const bronze = await openNewest(placeOf(context, "bronze.things"));
      const version = bronze.snapshot?.version;
      await run();
      expect((await openNewest(placeOf(context, "bronze.things"))).snapshot?.version).toBe(version);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

async function rowsOf(context: LayerContext): Promise<Readonly<Record<string, string>>> {
  const table = await openNewest(placeOf(context, "silver.things"));
  if (table.snapshot === undefined) return {};
  const rows = await context.engine.rows({
    sql: `SELECT id, "value" FROM silver ORDER BY id`,
    inputs: { silver: { kind: "table", table } },
  });
  return Object.fromEntries(rows.map((row) => [textOf(row, "id"), textOf(row, "value")]));
}

/** Some neighbours come in the wrong order. */
function swapped<T>(all: readonly T[], swaps: readonly boolean[]): readonly T[] {
  const order = [...all];
  for (let index = 1; index < order.length; index += 2) {
    const [left, right] = [order[index - 1], order[index]];
    if (swaps[index % swaps.length] !== true || left === undefined || right === undefined) continue;
    order[index - 1] = right;
    order[index] = left;
  }
  return order;
}
