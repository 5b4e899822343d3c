import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { faultsOf, touchedByRun } from "./checks.ts";
import { disagreements, startJudges, tablesBelow, versionsToJudge } from "./interop.ts";
import { deliver, deliverUnderAnotherId, exportsBelow } from "./exports.ts";
import { requirePart } from "../services/judges.ts";
import { requireShared, sharedFolder } from "./shared-folder.ts";
import { sluiceOk, type RetailLake } from "./sluice.ts";

const TABLES = ["customer_transactions", "customers", "products"];
/** Half a million rows a version of the large tables: by day the newest is asked for. */
const VERSIONS_MAX = process.env["SLUICE_NIGHTLY"] === "true" ? Number.POSITIVE_INFINITY : 1;
const JUDGES_MS = process.env["SLUICE_NIGHTLY"] === "true" ? 6 * 3_600_000 : 1_200_000;
const isJudged = (["delta-1.6.3", "delta-1.6.6", "spark"] as const).map(requirePart).every(Boolean);
const RUNS_MS = 900_000; // The goal for 101 runs is three minutes on two free cores; other tests run beside.

describe.skipIf(!requireShared("data/retail"))("the retail lake, export by export", () => {
  const data = sharedFolder("data/retail");
  let folder: string;
  let retail: RetailLake;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-exports-"));
    retail = { data: join(folder, "exports"), lake: join(folder, "lake"), ttl: "keep" };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("101 runs over a growing folder give the same figures", { timeout: RUNS_MS }, async () => {
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

  test.skipIf(!isJudged)("others see the same rows at its versions", { timeout: JUDGES_MS }, async () => {
    await using judges = await startJudges();
    const found: string[] = [];
    // The older delta-rs reads on one core alone: by day it judges the tables of one run.
    const chosen = VERSIONS_MAX === 1 ? [judges.deltaRs, judges.spark] : judges.all;
    for (const path of tablesBelow(retail.lake)) {
      const versions = await versionsToJudge(path, VERSIONS_MAX);
      for (const version of versions) found.push(...(await disagreements(chosen, path, version)));
    }
    expect(found).toEqual([]);
  });
});
