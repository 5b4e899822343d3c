import { expect, test } from "vitest";
import { seededRandom, simulatedWorld } from "../../../src/base/index.ts";
import { field, struct } from "../../../src/contract/index.ts";
import { memoryStore } from "../../../src/storage/index.ts";
import { createTable, latestOf, metadataOf, testLog } from "../../delta-builders.ts";
import { batchOf, perform, writer, type Shared } from "./simulated-process.ts";
import { TableRows } from "./table-rows.ts";
import { faultsOf } from "./verdict.ts";

/** A failing seed is printed and can be given back in SLUICE_SEED, then it alone is run. */
const GIVEN = process.env["SLUICE_SEED"];
const SEEDS = process.env["SLUICE_NIGHTLY"] === "true" ? 100_000 : 2_000;
const OPERATIONS = 16;
const WRITERS = ["w1", "w2", "w3"] as const;
const SCHEMA = struct([field("part", "string"), field("value", "string")]);

test(
  "writers that die, sleep and lose answers leave a log in which each did what it was told (F1–F4, F11, F15, F16, F23, F27)",
  { timeout: SEEDS * 500 },
  async () => {
    const first = GIVEN === undefined ? 1 : Number(GIVEN);
    const count = GIVEN === undefined || process.env["SLUICE_NIGHTLY"] === "true" ? SEEDS : 1;
    for (let seed = first; seed < first + count; seed += 1) {
      const faults = await simulate(seed);
      expect({ replay: `SLUICE_SEED=${seed} npx vitest run test/simulation/log`, faults }).toMatchObject({
        faults: [],
      });
    }
  },
);

async function simulate(seed: number): Promise<readonly string[]> {
  const random = seededRandom(seed);
  const inner = memoryStore({ world: simulatedWorld(seed) });
  const configuration = {
    "delta.checkpointInterval": String(2 + Math.floor(random() * 4)),
    "delta.enableDeletionVectors": "true",
    ...(random() < 0.5 ? { "delta.isolationLevel": "Serializable" } : {}),
  };
  await createTable(
    testLog(inner, simulatedWorld(seed)),
    metadataOf({ schema: SCHEMA, partitionColumns: ["part"], configuration }),
    SCHEMA,
  );
  let rowsMade = 0;
  const newRow = (): string => `r${(rowsMade += 1)}`;
  const shared: Shared = { inner, rows: new TableRows(), accounts: [], random, newRow, operationsMax: OPERATIONS };
  await Promise.all(WRITERS.map(async (name, index) => await writer(shared, name, seed * 10 + index)));
  const log = testLog(inner, simulatedWorld(seed + 1));
  return [...(await finish(shared, log)), ...(await faultsOf(log, shared.rows, shared.accounts))];
}

/** Somebody else takes over each producer, and finds the number to go on with in the table. */
async function finish(shared: Shared, log: ReturnType<typeof testLog>): Promise<string[]> {
  const faults: string[] = [];
  for (const name of WRITERS) {
    const seen = await latestOf(log);
    const next = (seen.txns.get(name)?.version ?? 0) + 1;
    const told = await perform(shared, { log }, { operation: batchOf(name, next), seen });
    if (told?.kind !== "committed") faults.push(`batch ${next} of ${name} did not land in peace: ${told?.kind}`);
  }
  return faults;
}
