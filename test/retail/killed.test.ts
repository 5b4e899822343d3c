import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/index.ts";
import { faultsOf, touchedByRun } from "./checks.ts";
import { deliver, exportsBelow } from "./exports.ts";
import { requireShared, sharedFolder } from "./shared-folder.ts";
import { sluice, sluiceOk, type RetailLake } from "./sluice.ts";

const TABLES = ["customer_transactions", "customers", "products"];
const SEED = Number(process.env["SLUICE_SEED"] ?? "20260103");
const LOOP_MS = process.env["SLUICE_NIGHTLY"] === "true" ? 30 * 60_000 : 60_000;
const KILL_MS_MAX = 4_000; // Long enough to get through the longest step now and then.

describe.skipIf(!requireShared("data/retail"))("the retail lake, killed at random moments", () => {
  const data = sharedFolder("data/retail");
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-killed-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("killed and started again until done, it gives the same figures", { timeout: LOOP_MS + 600_000 }, async () => {
    process.stderr.write(`retail: kills by SLUICE_SEED=${SEED}\n`);
    const random = seededRandom(SEED);
    const until = performance.now() + LOOP_MS;
    let kills = 0;
    for (let round = 0; round === 0 || performance.now() < until; round += 1) {
      const ttl = round % 2 === 0 ? "keep" : "hard";
      const retail: RetailLake = { data: join(folder, `exports-${round}`), lake: join(folder, `lake-${round}`), ttl };
      const exports = [...exportsBelow(data, TABLES)];
      while (exports.length > 0) {
        // The lake sees the year in some random steps, each of them under fire.
        for (const one of exports.splice(0, 3 + Math.floor(random() * 40))) deliver(data, retail.data, one);
        kills += await runUnderFire(retail, random, until);
      }
      expect(await faultsOf(retail)).toEqual([]);
      expect(await touchedByRun(retail)).toEqual([]);
      await rm(retail.data, { recursive: true });
      await rm(retail.lake, { recursive: true });
    }
    process.stderr.write(`retail: survived ${kills} kills\n`);
    expect(kills).toBeGreaterThan(0);
  });
});

/** Starts the run until it ends by itself; once the time is over nothing is killed any more. Returns the number of kills. */
async function runUnderFire(retail: RetailLake, random: () => number, until: number): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    if (performance.now() > until) {
      await sluiceOk(retail, "run");
      return kills;
    }
    const killAfterMs = 50 + random() ** 2 * KILL_MS_MAX;
    const { status, stderr, stdout } = await sluice(retail, ["run"], { killAfterMs });
    if (status === 0) return kills;
    expect({ status, said: `${stderr}${stdout}` }).toMatchObject({ status: null });
  }
}
