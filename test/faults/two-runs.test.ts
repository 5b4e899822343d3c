import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../src/base/index.ts";
import { lakeReader, type LakeReader } from "./lake-reader.ts";
import { sluice, sluiceOk, startSluice } from "./product.ts";
import { deliverAll, expectedState, lakeState, shopLake } from "./shop-lake.ts";
import { makeShop } from "./shop.ts";

const SEED = Number(process.env["SLUICE_SEED"] ?? "20260106");
const ROUNDS = process.env["SLUICE_NIGHTLY"] === "true" ? 200 : 3;
/** All right, or "another process was faster": the loser says so and has changed nothing. */
const FAIR_CODES = [0, 6];

let folder: string;
let reader: LakeReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-two-runs-"));
  reader = await lakeReader();
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("two runs at once on one lake lose no event and double none (F10)", { timeout: 600_000 }, async () => {
  process.stderr.write(`faults: two runs by SLUICE_SEED=${SEED}\n`);
  const random = seededRandom(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    const shop = makeShop(SEED + round, { orders: 3_000, customers: 200, windows: 6, changes: 300 });
    const lake = shopLake(join(folder, `at-once-${round}`));
    for (const part of [shop.slice(0, 6), shop.slice(6)]) {
      deliverAll(lake.exports, part);
      const first = sluice(lake, ["run"]);
      await sleep(random() * 300);
      const ended = await Promise.all([first, sluice(lake, ["run"])]);
      for (const { status, stderr } of ended) {
        expect({ status, stderr }).toMatchObject({ status: expect.toBeOneOf(FAIR_CODES) });
      }
      expect(await reader.faults(lake.lake)).toEqual([]);
    }
    await sluiceOk(lake, "run");
    expect(await lakeState(reader, lake.lake)).toEqual(expectedState(shop));
  }
});

test(
  "a run that was stopped and wakes up after its successor changes nothing (F11)",
  { timeout: 600_000 },
  async () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const shop = makeShop(SEED - round, { orders: 3_000, customers: 200, windows: 6, changes: 300 });
      const lake = shopLake(join(folder, `stopped-${round}`));
      deliverAll(lake.exports, shop.slice(0, 8));
      if (round % 2 === 1) await sluiceOk(lake, "run");
      deliverAll(lake.exports, shop.slice(8));
      const { child, finished } = startSluice(lake, ["run"]);
      await Promise.race([sleep(200 + random() * 1_200), finished]);
      child.kill("SIGSTOP");
      await sluiceOk(lake, "run");
      const versions = await reader.versions(lake.lake);
      const state = await lakeState(reader, lake.lake);
      expect(state).toEqual(expectedState(shop));
      child.kill("SIGCONT");
      const { status, stderr } = await finished;
      expect({ status, stderr }).toMatchObject({ status: expect.toBeOneOf(FAIR_CODES) });
      expect(await lakeState(reader, lake.lake)).toEqual(state);
      expect(await reader.faults(lake.lake)).toEqual([]);
      // What it did is on record; nothing else has moved.
      const { "system/runs": _runs, ...rest } = await reader.versions(lake.lake);
      const { "system/runs": _before, ...expected } = versions;
      expect(rest).toEqual(expected);
    }
  },
);
