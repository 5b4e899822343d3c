import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentOf, faultsOf, touchedByRun } from "./checks.ts";
import { deliverAllAgain, deliver, deliverUnderAnotherId, exportsBelow } from "./exports.ts";
import { requireShared, sharedFolder } from "./shared-folder.ts";
import { query, sluiceOk, type RetailLake } from "./sluice.ts";

const TABLES = ["customer_transactions", "customers", "products"];
const RUN_MS = 240_000; // A run takes some ten seconds; a busy machine several times that.

describe.skipIf(!requireShared("data/retail"))("the retail lake, built in one run", () => {
  const data = sharedFolder("data/retail");
  let folder: string;
  let keep: RetailLake;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-retail-"));
    keep = { data, lake: join(folder, "keep"), ttl: "keep" };
    const { elapsedMs } = await sluiceOk(keep, "run");
    process.stderr.write(`retail: one run took ${(elapsedMs / 1000).toFixed(1)} s\n`);
  }, RUN_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("lines that expired are kept, and every figure is the expected one", { timeout: RUN_MS }, async () => {
    expect(await faultsOf(keep)).toEqual([]);
  });

  test("lines that expired are removed, and every figure is the expected one", { timeout: RUN_MS }, async () => {
    const hard: RetailLake = { data, lake: join(folder, "hard"), ttl: "hard" };
    await sluiceOk(hard, "run");
    expect(await faultsOf(hard)).toEqual([]);
    const [dirt] = await query(
      hard,
      `select count(*) filter (cust_id is null) as nobody, count(*) filter (unit_price <= 0) as free
       from silver.customer_transactions`,
    );
    expect(dirt).toEqual({ nobody: 71_466, free: 1_157 });
  });

  test("a second run commits nothing", { timeout: RUN_MS }, async () => {
    expect(await touchedByRun(keep)).toEqual([]);
  });

  test("Silver and Gold built anew have the same content", { timeout: RUN_MS }, async () => {
    const tables = [
      "silver.customer_transactions",
      "silver.customers",
      "gold.daily_sales_summary",
      "gold.customer_metrics",
    ];
    for (const table of tables) {
      const before = await contentOf(keep, table);
      await sluiceOk(keep, "rebuild", table, "--yes");
      expect({ table, content: await contentOf(keep, table) }).toEqual({ table, content: before });
    }
    expect(await faultsOf(keep)).toEqual([]);
  });

  test("every export delivered three times counts once", { timeout: RUN_MS }, async () => {
    const again: RetailLake = { data: join(folder, "exports"), lake: join(folder, "again"), ttl: "keep" };
    for (const one of exportsBelow(data, TABLES)) {
      deliver(data, again.data, one);
      deliverUnderAnotherId(data, again.data, one);
    }
    deliverAllAgain(data, again.data, TABLES);
    await sluiceOk(again, "run");
    expect(await faultsOf(again)).toEqual([]);
    expect(await touchedByRun(again)).toEqual([]);
  });
});
