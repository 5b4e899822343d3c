import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FAILURES } from "../../src/base/index.ts";
import type { WrittenExport } from "../builders/dynamodb-export.ts";
import { DAMAGES, remembering } from "./damaged-export.ts";
import { filesBelow, lakeReader, type LakeReader } from "./lake-reader.ts";
import { runJson, sluiceOk } from "./product.ts";
import { deliver, makeShop } from "./shop.ts";
import { deliverAll, expectedState, lakeState, shopLake, type ShopLake } from "./shop-lake.ts";
import { asOrdinaryUser } from "./users.ts";

/** Both full exports and the first hour are in. Of the second hour the orders' export is damaged; the third waits behind it. */
const SHOP = makeShop(20_260_107, { orders: 120, customers: 30, windows: 3, changes: 40 });
const IS_IN = SHOP.slice(0, 4);
const DAMAGED = SHOP[5];
const OTHERS = SHOP.slice(4).filter((one) => one !== DAMAGED);

let folder: string;
let reader: LakeReader;
let lake: ShopLake;
let damaged: WrittenExport;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-damaged-"));
  reader = await lakeReader();
  lake = shopLake(folder);
  deliverAll(lake.exports, IS_IN);
  await sluiceOk(lake, "run");
  deliverAll(lake.exports, OTHERS);
  if (DAMAGED === undefined) throw new Error("The shop has too few exports");
  damaged = deliver(lake.exports, DAMAGED);
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe("a damaged export", () => {
  test.for(DAMAGES.map((damage) => [damage.name, damage] as const))(
    "(%s) stops its table, is named with the remedy, and nothing of it is there",
    { timeout: 60_000 },
    async ([, { code, harm }]) => {
      const { mend } = remembering(damaged);
      const named = harm(damaged);
      const before = await reader.versions(lake.lake);
      const report = await runJson(lake, { under: asOrdinaryUser() });
      mend();
      expect(report).toMatchObject({ exitCode: FAILURES[code].exit });
      const failed = report.tables.filter(({ outcome }) => outcome === "failed");
      expect(failed).toMatchObject([{ table: "bronze.orders", error: { code } }]);
      const { message = "", advice = "" } = failed[0]?.error ?? {};
      expect(message).toContain(named);
      expect(advice).toMatch(/\w+ \w+/);
      expect(report.said).toContain(named);
      expect(report.said).toContain(advice);

      const after = await reader.versions(lake.lake);
      expect(after["bronze/orders"]).toBe(before["bronze/orders"]);
      const customers = OTHERS.filter(({ table }) => table === "customers");
      expect(await lakeState(reader, lake.lake)).toEqual(expectedState([...IS_IN, ...customers]));
      expect(await reader.faults(lake.lake, { strays: true })).toEqual([]);
      expect(filesBelow(join(lake.lake, "system", "spill"))).toEqual([]);
    },
  );

  test("that is whole again is taken in with all that waited behind it", { timeout: 60_000 }, async () => {
    await sluiceOk(lake, "run");
    expect(await lakeState(reader, lake.lake)).toEqual(expectedState(SHOP));
    expect(await reader.faults(lake.lake, { strays: true })).toEqual([]);
  });
});
