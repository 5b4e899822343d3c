import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../src/base/index.ts";
import { filesBelow, lakeReader, type LakeReader } from "./lake-reader.ts";
import { sluice, sluiceOk } from "./product.ts";
import { makeShop, type ShopExport } from "./shop.ts";
import { deliverAll, expectedState, lakeState, shopLake, type ShopLake } from "./shop-lake.ts";
import { wholeExports } from "./whole-exports.ts";

/** One seed a run; a failing one is printed and can be given back in SLUICE_SEED. */
const SEED = Number(process.env["SLUICE_SEED"] ?? "20260104");
const LOOP_MS = process.env["SLUICE_NIGHTLY"] === "true" ? 30 * 60_000 : 60_000;
/** Beyond the longest step of these lakes on a busy machine, so that every moment of a run is hit. */
const KILL_MS_MAX = 2_500;

let folder: string;
let reader: LakeReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-kill-"));
  reader = await lakeReader();
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test(
  "killed at any moment, every table opens, stands at whole exports, and in the end is as it should be (F1-F5, F13)",
  { timeout: LOOP_MS + 300_000 },
  async () => {
    process.stderr.write(`faults: kills by SLUICE_SEED=${SEED}\n`);
    const random = seededRandom(SEED);
    const until = performance.now() + LOOP_MS;
    let kills = 0;
    for (let round = 0; round === 0 || performance.now() < until; round += 1) {
      const shop = makeShop(SEED + round, { orders: 1_500, customers: 200, windows: 8, changes: 200 });
      const lake = shopLake(join(folder, `lake-${round}`));
      const tornTables = wholeExports(shop);
      for (let at = 0; at < shop.length;) {
        const next = Math.min(shop.length, at + 2 + Math.floor(random() * 5));
        deliverAll(lake.exports, shop.slice(at, next));
        at = next;
        for (;;) {
          const isOver = performance.now() > until;
          const finished = await sluice(lake, ["run"], isOver ? {} : { killAfterMs: 30 + random() * KILL_MS_MAX });
          expect(await reader.faults(lake.lake)).toEqual([]);
          expect(tornTables(await lakeState(reader, lake.lake))).toEqual([]);
          if (finished.signal === null) {
            expect({ status: finished.status, said: finished.stderr }).toMatchObject({ status: 0 });
            break;
          }
          kills += 1;
        }
      }
      await expectDone(shop, lake);
      await rm(lake.folder, { recursive: true });
    }
    process.stderr.write(`faults: survived ${kills} kills\n`);
    expect(kills).toBeGreaterThan(0);
  },
);

async function expectDone(shop: readonly ShopExport[], lake: ShopLake): Promise<void> {
  expect(await lakeState(reader, lake.lake)).toEqual(expectedState(shop));
  const before = filesBelow(lake.lake);
  await sluiceOk(lake, "run");
  expect(filesBelow(lake.lake)).toEqual(before);
}
