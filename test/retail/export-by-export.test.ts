import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultsOf, touchedByRun } from "./checks.ts";
import { deliver, deliverUnderAnotherId, exportsBelow } from "./exports.ts";
import { requireShared, sharedFolder } from "./shared-folder.ts";
import { sluiceOk, type RetailLake } from "./sluice.ts";

const TABLES = ["customer_transactions", "customers", "products"];
const RUNS_MS = 900_000; // The goal for 101 runs is three minutes on two free cores; other tests run beside.

describe.skipIf(!requireShared("data/retail"))("the retail lake, export by export", () => {
  const data = sharedFolder("data/retail");
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-exports-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("101 runs over a growing folder give the same figures", { timeout: RUNS_MS }, async () => {
    const retail: RetailLake = { data: join(folder, "exports"), lake: join(folder, "lake"), ttl: "keep" };
    const exports = exportsBelow(data, TABLES);
    for (const one of exports.filter((each) => each.isFull)) deliver(data, retail.data, one);
    let elapsedMs = (await sluiceOk(retail, "run")).elapsedMs;
    const windows = exports.filter((each) => !each.isFull);
    for (const [index, one] of windows.entries()) {
      deliver(data, retail.data, one);
      // Now and then the export of the day before comes once more, late and under another id.
      const before = index % 10 === 9 ? windows[index - 1] : undefined;
      if (before !== undefined) deliverUnderAnotherId(data, retail.data, before);
      elapsedMs += (await sluiceOk(retail, "run")).elapsedMs;
    }
    process.stderr.write(`retail: ${windows.length + 1} runs took ${(elapsedMs / 1000).toFixed(0)} s\n`);
    expect(await faultsOf(retail)).toEqual([]);
    expect(await touchedByRun(retail)).toEqual([]);
  });
});
