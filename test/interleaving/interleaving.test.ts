import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { faultsOfRace, legalOutcomes } from "./legal-outcomes.ts";
import { OPERATION_NAMES } from "./operations.ts";
import { PHASES, faultsFor } from "./phases.ts";
import { race, type Engines, type RaceSettings } from "./race.ts";
import { VERSION, baseTable, engineWorld } from "./tried-table.ts";

/** By night every race on every kind of table; by day each kind has its share, another one for each seed. */
const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
const SEED = Number(process.env["SLUICE_SEED"] ?? "20261127");
const RACES_A_DAY_SHARE = 41;

let folder = "";
let engines: Engines;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-interleaving-"));
  engines = { first: await smallEngine(1), second: await smallEngine(2) };
});

afterAll(async () => {
  await engines.first[Symbol.asyncDispose]();
  await engines.second[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe.each(["WriteSerializable", "Serializable"] as const)("two writers of a %s table", (isolation) => {
  test.each([true, false])(
    "end as one after the other, wherever the first was stopped (F15, F16, F24; deletion vectors: %s)",
    { timeout: 1_800_000 },
    async (vectors) => {
      process.stderr.write(`interleaving: SLUICE_SEED=${SEED}\n`);
      const legal = legalOutcomes(isolation);
      const base = await baseTable(engines.first, { isolation, vectors });
      const share = racesOf({ isolation, vectors }).filter(
        (_, index) => IS_NIGHT || (index + SEED) % RACES_A_DAY_SHARE === 0,
      );
      expect(share.length).toBeGreaterThan(10);
      for (const settings of share) {
        const faults = faultsOfRace(
          settings,
          await race(base, engines, settings),
          legal(settings.first, settings.second),
        );
        expect({ ...settings, faults }).toEqual({ ...settings, faults: [] });
      }
    },
  );
});

/** Every pair of operations at every phase that the first one has. */
function racesOf(table: Pick<RaceSettings, "isolation" | "vectors">): RaceSettings[] {
  return OPERATION_NAMES.flatMap((first) =>
    OPERATION_NAMES.flatMap((second) =>
      PHASES.filter((phase) => faultsFor(first, phase, VERSION) !== undefined).map((phase) => ({
        ...table,
        first,
        second,
        phase,
      })),
    ),
  );
}

async function smallEngine(seed: number): Promise<Engine> {
  const world = engineWorld(seed);
  return await duckdbEngine({ world, memoryBytes: 2 ** 27, threads: 1, spillFolder: folder, folders: [folder] });
}
