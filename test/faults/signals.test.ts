import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/index.ts";
import { filesBelow, lakeReader, type LakeReader } from "./lake-reader.ts";
import { sluiceOk, startSluice } from "./product.ts";
import { deliverAll, expectedState, lakeState, shopLake } from "./shop-lake.ts";
import { makeShop } from "./shop.ts";

const SEED = Number(process.env["SLUICE_SEED"] ?? "20260105");
const ROUNDS = process.env["SLUICE_NIGHTLY"] === "true" ? 200 : 4;

/** How long a run may go on after the first signal, and after the second, on a busy machine. */
const STOP_MS_MAX = 5_000;
const STOP_AT_ONCE_MS_MAX = 1_000;

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

let folder: string;
let reader: LakeReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-signals-"));
  reader = await lakeReader();
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe.each(["SIGTERM", "SIGINT"] as const)("%s (F6)", (signal) => {
  test(
    "once: the run ends soon, leaves nothing half-written, says so by its code, and the next one goes on",
    { timeout: 600_000 },
    async () => {
      process.stderr.write(`faults: signals by SLUICE_SEED=${SEED}\n`);
      const random = seededRandom(SEED);
      const shop = makeShop(SEED, { orders: 12_000, customers: 300, windows: 3, changes: 3_000 });
      for (let round = 0; round < ROUNDS; round += 1) {
        const lake = shopLake(join(folder, `${signal}-${round}`));
        deliverAll(lake.exports, shop);
        const { child, finished } = startSluice(lake, ["run"]);
        await Promise.race([sleep(100 + random() * 2_400), finished]);
        const signalledMs = performance.now();
        const isUnderWay = child.kill(signal);
        const { status, signal: endedBy, stderr } = await finished;
        if (!isUnderWay) expect(status).toBe(0);
        else {
          expect(performance.now() - signalledMs).toBeLessThan(STOP_MS_MAX);
          // Before Node is up the signal ends it like any program; a run whose work was done already ends as usual.
          if (endedBy === null)
            expect({ status, stderr }).toMatchObject({ status: expect.toBeOneOf([0, CODES[signal]]) });
          else expect(endedBy).toBe(signal);
        }
        expect(await reader.faults(lake.lake, { strays: true })).toEqual([]);
        expect(spilled(lake.lake)).toEqual([]);
        await sluiceOk(lake, "run");
        expect(await lakeState(reader, lake.lake)).toEqual(expectedState(shop));
        await rm(lake.folder, { recursive: true });
      }
    },
  );

  test("twice: the process ends at once, and the next one goes on", { timeout: 600_000 }, async () => {
    const shop = makeShop(SEED + 1, { orders: 12_000, customers: 300, windows: 1, changes: 3_000 });
    const lake = shopLake(join(folder, `${signal}-twice`));
    deliverAll(lake.exports, shop);
    const { child, finished, said } = startSluice(lake, ["run"]);
    await sleep(900);
    child.kill(signal);
    await said("Stopping");
    const signalledMs = performance.now();
    child.kill(signal);
    const { status } = await finished;
    expect(performance.now() - signalledMs).toBeLessThan(STOP_AT_ONCE_MS_MAX);
    expect(status).toBe(CODES[signal]);
    expect(await reader.faults(lake.lake)).toEqual([]);
    await sluiceOk(lake, "run");
    expect(await lakeState(reader, lake.lake)).toEqual(expectedState(shop));
  });
});

/** What a run that ended by itself left in its spill folder. */
function spilled(lake: string): readonly string[] {
  return filesBelow(join(lake, "system", "spill"));
}
