import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeExport } from "../../scripts/demo/dynamodb-export.ts";
import { DEMO_SEED, makeShop } from "../../scripts/demo/shop.ts";
import { requirePart, type AppendRow, type DeltaRsJudge } from "../services/judges.ts";
import {
  disagreements,
  newestVersion,
  startJudges,
  tableName,
  tablePath,
  tablesBelow,
  versionsToJudge,
  type Judges,
} from "./interop.ts";
import { requireShared, sharedFolder } from "./shared-folder.ts";
import { ROOT, runOk, sluiceOk, type RetailLake } from "./sluice.ts";

const WORK_MS = 900_000; // Three judges, on a machine that other tests share.
/** Of each table of the year by day: its newest version; all of them by night. */
const VERSIONS_MAX = process.env["SLUICE_NIGHTLY"] === "true" ? Number.POSITIVE_INFINITY : 1;
const isJudged = (["delta-1.6.3", "delta-1.6.6", "spark"] as const).map(requirePart).every(Boolean);

describe.skipIf(!isJudged)("what others see of our tables", () => {
  let folder: string;
  let judges: Judges;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-interop-"));
    judges = await startJudges();
  }, 180_000);
  afterAll(async () => {
    await judges?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test("of every table of the shop, every version, the very same rows", { timeout: WORK_MS }, async () => {
    const lake = await shopLake(join(folder, "shop"));
    const tables = tablesBelow(lake);
    expect(tables.map(tableName)).toEqual(
      expect.arrayContaining(["bronze.orders", "silver.orders", "gold.daily_sales"]),
    );
    const found: string[] = [];
    let versions = 0;
    for (const path of tables) {
      const newest = await newestVersion(path);
      versions += newest + 1;
      for (let version = 0; version <= newest; version += 1) {
        found.push(...(await disagreements(judges.all, path, version)));
      }
    }
    expect(found).toEqual([]);
    expect(versions).toBeGreaterThan(15);

    // Whoever sees another version sees other rows, and it is told.
    const path = tablePath(lake, "bronze.orders");
    const version = await newestVersion(path);
    const { deltaRs } = judges;
    const late: DeltaRsJudge = {
      ...deltaRs,
      copy: async (from, target) => await deltaRs.copy(from, target, { version: version - 1 }),
    };
    expect(await disagreements([late], path, version)).toHaveLength(1);
  });

  test("Spark and delta-rs append to Bronze and Gold, and all of us read it", { timeout: WORK_MS }, async () => {
    const lake = await shopLake(join(folder, "appended"));
    const added: Readonly<Record<string, AppendRow>> = {
      "bronze.orders": {
        _event_id: "by hand",
        _op: "I",
        _key: "S:o-9999",
        _ingestion_date: "2026-02-01",
        amount: "12.5",
      },
      "gold.daily_sales": { day: "2026-02-01", segment: "home", orders: 1, revenue: "12.50" },
    };
    for (const [name, row] of Object.entries(added)) {
      const path = join(folder, `copy of ${name}`);
      cpSync(tablePath(lake, name), path, { recursive: true });
      const before = await newestVersion(path);
      for (const judge of judges.all) await judge.append(path, [row, row]);
      const after = await newestVersion(path);
      expect({ name, after }).toEqual({ name, after: before + judges.all.length });
      for (let version = before; version <= after; version += 1) {
        expect(await disagreements(judges.all, path, version)).toEqual([]);
      }
    }
  });

  describe.skipIf(!requireShared("data/retail"))("of a year of retail", () => {
    test("every version of every table is the same", { timeout: WORK_MS }, async () => {
      const retail: RetailLake = { data: sharedFolder("data/retail"), lake: join(folder, "retail"), ttl: "keep" };
      await sluiceOk(retail, "run");
      // The older delta-rs reads on one core alone: by day it judges the tables of the shop.
      const chosen = VERSIONS_MAX === 1 ? [judges.deltaRs, judges.spark] : judges.all;
      for (const path of tablesBelow(retail.lake)) {
        for (const version of await versionsToJudge(path, VERSIONS_MAX)) {
          expect(await disagreements(chosen, path, version)).toEqual([]);
        }
      }
    });
  });
});

/** The demo's lake, in a folder of its own: two runs, and Silver built anew. Returns the lake's folder. */
async function shopLake(folder: string): Promise<string> {
  const shop = makeShop(DEMO_SEED);
  for (const one of shop.delivered) writeExport(join(folder, "exports"), one);
  writeExport(join(folder, "exports"), shop.running, { isFinished: false });
  mkdirSync(folder, { recursive: true });
  const config = readFileSync(join(ROOT, "examples", "shop", "sluice.config.ts"), "utf8");
  writeFileSync(join(folder, "sluice.config.ts"), config.replaceAll("../../.demo/", "./"));
  await runOk(["run", "-c", folder]);
  writeExport(join(folder, "exports"), shop.running);
  await runOk(["run", "-c", folder]);
  await runOk(["rebuild", "silver.orders", "--yes", "-c", folder]);
  return join(folder, "lake");
}
