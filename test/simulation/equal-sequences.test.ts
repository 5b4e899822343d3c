import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedWorld } from "../../src/base/index.ts";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { memoryStore } from "../../src/storage/index.ts";
import { deliveries, type ChangeEvent } from "./change-events.ts";
import { eventsSilver, silverRows, simulatedRun, simulatedTables } from "./simulated-lake.ts";

let engine: Engine;
let spill: string;

beforeAll(async () => {
  spill = await mkdtemp(join(tmpdir(), "sluice-simulation-"));
  engine = await duckdbEngine({ memoryBytes: 256 * 2 ** 20, threads: 2, spillFolder: spill, world: simulatedWorld(1) });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(spill, { recursive: true, force: true });
});

/** Different records of one key at one moment: no source should give them, and no order of arrival may decide. */
const EVENTS: readonly ChangeEvent[] = ["1", "2.50", "-3", "4"].flatMap((amount) =>
  ["a", "b"].map((id) => ({
    operation: "U" as const,
    id,
    time: 1_000,
    epoch: 0,
    amount,
    expiresAt: undefined,
    isTtlDelete: false,
  })),
);

test(
  "of different records with one sequence the same one stays, whatever came first",
  { timeout: 120_000 },
  async () => {
    const expected = await silverAfter([EVENTS]);
    expect([...expected.keys()]).toHaveLength(2);
    await fc.assert(
      fc.asyncProperty(deliveries(EVENTS), fc.constantFrom(undefined, 1), async (batches, chunkBytes) => {
        expect(Object.fromEntries(await silverAfter(batches, chunkBytes))).toEqual(Object.fromEntries(expected));
      }),
      { seed: Number(process.env["SLUICE_SEED"] ?? "20260101"), numRuns: 15 },
    );
  },
);

/** The Silver table after a run for every batch. */
async function silverAfter(
  batches: readonly (readonly ChangeEvent[])[],
  chunkBytes?: number,
): Promise<Awaited<ReturnType<typeof silverRows>>> {
  const world = simulatedWorld(1);
  const silver = eventsSilver({ deletes: "hard", ttlDeletes: "hard" });
  const tables = simulatedTables(memoryStore({ world }), world, engine);
  for (let known = 1; known <= batches.length; known += 1) {
    await simulatedRun({ engine, tables, world, run: `run-${known}` }, silver, batches.slice(0, known), chunkBytes);
  }
  return await silverRows({ engine, tables, world, run: "read" }, silver);
}
