import { chmodSync, cpSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesBelow, lakeReader, type LakeReader } from "./lake-reader.ts";
import { runJson, sluice, sluiceOk, type ProductOptions } from "./product.ts";
import { makeShop } from "./shop.ts";
import { deliverAll, expectedState, lakeState, shopLake, type ShopLake } from "./shop-lake.ts";
import { smallDisk, withFilesUpTo } from "./small-disk.ts";
import { asOrdinaryUser } from "./users.ts";
import { wholeExports } from "./whole-exports.ts";

const SHOP = makeShop(20_260_108, { orders: 4_000, customers: 1_500, windows: 2, changes: 800 });

let folder: string;
let reader: LakeReader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-storage-"));
  reader = await lakeReader();
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A run that must fail for want of space, with nothing half-written. */
async function failFull(lake: ShopLake, options: ProductOptions = {}): Promise<boolean> {
  const { status, stdout, stderr } = await sluice(lake, ["run", "--json"], options);
  if (status !== 0) {
    expect({ status, stdout, stderr }).toMatchObject({ status: 8 });
    expect(stderr).toContain("storage.full");
    expect(stderr).toMatch(/space|so large/);
    // A store is named by its URL.
    expect(stderr.replaceAll("%20", " ")).toContain(lake.lake);
    expect(stderr + stdout).not.toContain("internal.bug");
  }
  expect(await reader.faults(lake.lake, { strays: true })).toEqual([]);
  expect(wholeExports(SHOP)(await lakeState(reader, lake.lake))).toEqual([]);
  expect(filesBelow(join(lake.lake, "system", "spill"))).toEqual([]);
  return status !== 0;
}

describe("a full disk ends the run with nothing half-written, and the next run goes on (F8)", () => {
  test.for([
    ["with the spill on it", {}],
    ["with the spill elsewhere", { SPILL: tmpdir() }],
  ] as const)("wherever the space ends, %s", { timeout: 240_000 }, async ([name, env], { skip }) => {
    const lake = shopLake(join(folder, name));
    deliverAll(lake.exports, SHOP);
    using disk = smallDisk(lake.lake, 40_000);
    if (disk === undefined) {
      process.stderr.write("SKIPPED: a full disk needs the right to mount one; files of limited size stand for it\n");
      return skip();
    }
    let failures = 0;
    for (let sizeBytes = 40_000; ; sizeBytes = 2 * sizeBytes) {
      disk.resize(sizeBytes);
      if (!(await failFull(lake, { env }))) break;
      failures += 1;
    }
    expect(failures).toBeGreaterThan(3);
    expect(await lakeState(reader, lake.lake)).toEqual(expectedState(SHOP));
  });

  test("wherever a file grows too large", { timeout: 240_000 }, async () => {
    const lake = shopLake(join(folder, "small-files"));
    deliverAll(lake.exports, SHOP);
    let failures = 0;
    for (let blocks = 2; ; blocks *= 4) {
      if (!(await failFull(lake, { under: withFilesUpTo(blocks) }))) break;
      failures += 1;
    }
    expect(failures).toBeGreaterThan(2);
    expect(await lakeState(reader, lake.lake)).toEqual(expectedState(SHOP));
  });
});

describe("a lake that may not be written", () => {
  let lake: ShopLake;
  let news: ShopLake;

  beforeAll(async () => {
    lake = shopLake(join(folder, "read-only"));
    deliverAll(lake.exports, SHOP.slice(0, 4));
    await sluiceOk(lake, "run");
    news = shopLake(join(folder, "read-only-news"));
    cpSync(lake.lake, news.lake, { recursive: true });
    deliverAll(news.exports, SHOP);
    allowWriting(lake.lake, false);
    allowWriting(news.lake, false);
  });

  afterAll(() => {
    allowWriting(lake.lake, true);
    allowWriting(news.lake, true);
  });

  test("is found to be up to date all the same", async () => {
    const { status, stdout } = await sluice(lake, ["run"], { under: asOrdinaryUser() });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("Nothing new") });
  });

  test.for([[["status"]], [["query", "select count(*) as n from silver.orders"]], [["read", "gold.revenue"]]] as const)(
    "answers %s where the spill is elsewhere",
    async ([words]) => {
      const { status, stderr } = await sluice(lake, words, { under: asOrdinaryUser(), env: { SPILL: tmpdir() } });
      expect({ status, stderr }).toMatchObject({ status: 0 });
    },
  );

  test.for([
    ["with its spill", {}],
    ["with the spill elsewhere", { SPILL: tmpdir() }],
  ] as const)("takes in nothing, %s, and says what may not be written", async ([, env]) => {
    const before = filesBelow(news.lake);
    const { status, stderr } = await sluice(news, ["run"], { under: asOrdinaryUser(), env });
    expect({ status, stderr }).toMatchObject({ status: 7 });
    expect(stderr).toContain("storage.denied");
    expect(stderr).toContain(news.lake);
    expect(stderr).toMatch(/Give this user permission|Let this user write/);
    expect(filesBelow(news.lake)).toEqual(before);
  });

  test("goes on where it was once it may be written again", { timeout: 60_000 }, async () => {
    allowWriting(news.lake, true);
    await sluiceOk(news, "run");
    expect(await lakeState(reader, news.lake)).toEqual(expectedState(SHOP));
  });
});

test("a table that may not be written stops alone", { timeout: 60_000 }, async () => {
  const lake = shopLake(join(folder, "one-table"));
  deliverAll(lake.exports, SHOP.slice(0, 4));
  await sluiceOk(lake, "run");
  deliverAll(lake.exports, SHOP.slice(4));
  allowWriting(join(lake.lake, "bronze", "orders"), false);
  const report = await runJson(lake, { under: asOrdinaryUser() });
  expect(report.exitCode).toBe(7);
  expect(report.tables.filter(({ outcome }) => outcome === "failed")).toMatchObject([
    { table: "bronze.orders", error: { code: "storage.denied" } },
  ]);
  expect(report.said).toContain(join(lake.lake, "bronze", "orders"));
  const customers = SHOP.slice(4).filter(({ table }) => table === "customers");
  // Lines that are no records are set aside before the batch is committed.
  const { unreadable: _ahead, ...expected } = expectedState([...SHOP.slice(0, 4), ...customers]);
  expect(await lakeState(reader, lake.lake)).toMatchObject(expected);
  allowWriting(join(lake.lake, "bronze", "orders"), true);
  await sluiceOk(lake, "run");
  expect(await lakeState(reader, lake.lake)).toEqual(expectedState(SHOP));
  expect(await reader.faults(lake.lake, { strays: true })).toEqual([]);
});

test("a lake on a device that became read-only takes in nothing and says so", { timeout: 60_000 }, async ({ skip }) => {
  const lake = shopLake(join(folder, "read-only-device"));
  using disk = smallDisk(lake.lake, 64_000_000);
  if (disk === undefined) {
    process.stderr.write("SKIPPED: a read-only device needs the right to mount one; read-only folders stand for it\n");
    return skip();
  }
  deliverAll(lake.exports, SHOP.slice(0, 4));
  await sluiceOk(lake, "run");
  deliverAll(lake.exports, SHOP.slice(4));
  disk.setReadOnly(true);
  const { status, stderr } = await sluice(lake, ["run"], { env: { SPILL: tmpdir() } });
  expect({ status, stderr }).toMatchObject({ status: 7, stderr: expect.stringContaining("read-only") });
  disk.setReadOnly(false);
  await sluiceOk(lake, "run");
  expect(await lakeState(reader, lake.lake)).toEqual(expectedState(SHOP));
});

/** For the folder and everything below it. */
function allowWriting(path: string, isAllowed: boolean): void {
  const entries = readdirSync(path, { recursive: true, encoding: "utf8", withFileTypes: true });
  const paths = [path, ...entries.map((entry) => join(entry.parentPath, entry.name))];
  for (const one of paths) chmodSync(one, isAllowed ? 0o755 : 0o555);
}
