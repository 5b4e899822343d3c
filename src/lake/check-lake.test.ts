import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realWorld } from "../base/index.ts";
import {
  bronze,
  defineLake,
  dynamodb,
  expect as rule,
  gold,
  resolveLake,
  s,
  silver,
  sql,
  type LakeConfig,
} from "../definition/index.ts";
import { duckdbEngine, type Engine } from "../engine/index.ts";
import { checkLake } from "./check-lake.ts";

let folder = "";
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-check-"));
  engine = await duckdbEngine({ memoryBytes: 512e6, threads: 1, spillFolder: folder, world: realWorld() });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function problemsOf(tables: LakeConfig["tables"]) {
  const definition = resolveLake(defineLake({ name: "shop", storage: "./lake", tables }), { folder });
  const problems = await checkLake(definition, engine);
  return problems.map(({ path, expected, got }) => ({ path, expected, got }));
}

const raw = bronze("orders", { source: dynamodb({ table: "orders", keys: ["id"], export: "./raw" }) });

test("a definition without mistakes has none, whatever its SQL makes use of", async () => {
  const peopleRaw = bronze("people", { source: dynamodb({ table: "people", keys: ["id"], export: "./people" }) });
  const customers = silver("customers", {
    from: peopleRaw,
    keys: ["id"],
    columns: { id: s.string(), town: s.string() },
  });
  const orders = silver("orders", {
    from: raw,
    keys: ["id"],
    columns: {
      id: s.string(),
      person: s.string(),
      amount: s.decimal(18, 2),
      placed: s.timestamp(),
      lines: s.array(s.struct({ sku: s.string(), price: s.decimal(9, 2) })),
      day: s.date().sql("placed::date -- the day"),
      skus: s.array(s.string()).sql("list_transform(lines, x -> x.sku)"),
      town: s.string().joined("who.town"),
    },
    join: { who: { table: customers, on: { person: "id" } } },
    expect: {
      positive: rule("amount > 0 -- more than nothing").orQuarantine(),
      somewhere: rule("town is not null or _op = 'R'").orWarn(),
    },
  });
  const daily = gold("daily", {
    query: sql`select day, town, sum(amount) as revenue from ${orders} group by all`,
    columns: { revenue: s.decimal(38, 2) },
    partitionBy: ["day"],
    expect: { some: rule("revenue <> 0").orWarn() },
  });
  const best = gold("best", { query: sql`select town, max(revenue) as most from ${daily} group by town` });
  expect(await problemsOf([raw, peopleRaw, customers, orders, daily, best])).toEqual([]);
});

test("every mistake in the SQL of a Silver table is found, each at its place", async () => {
  const orders = silver("orders", {
    from: raw,
    keys: ["id"],
    columns: {
      id: s.string(),
      amount: s.decimal(18, 2),
      day: s.date().sql("plcaed_at::date"),
      broken: s.integer().sql("amount +"),
    },
    expect: {
      typo: rule("amont > 0").orQuarantine(),
      number: rule("amount").orWarn(),
      unknown: rule("is_good(amount)").orFail(),
      good: rule("amount > 0").orDrop(),
    },
  });
  const found = await problemsOf([raw, orders]);
  expect(found.map(({ path }) => path)).toEqual([
    "tables.silver.orders.columns.day",
    "tables.silver.orders.columns.broken",
    "tables.silver.orders.expect.typo",
    "tables.silver.orders.expect.number",
    "tables.silver.orders.expect.unknown",
  ]);
  expect(found[0]?.got).toContain('"plcaed_at" not found');
  expect(found[2]?.got).toContain("amount"); // what was meant
  expect(found[3]?.got).toBe("SQL of type DECIMAL(18,2)");
  for (const { got } of found) expect(got).not.toMatch(/\n|LINE \d/);
});

test("every mistake in a Gold table is found: in its query, columns, partitions and rules", async () => {
  const orders = silver("orders", { from: raw, keys: ["id"], columns: { id: s.string(), amount: s.decimal(18, 2) } });
  const misspelt = gold("misspelt", { query: sql`select sum(amont) as revenue from ${orders}` });
  const others = gold("others", {
    query: sql`select id, sum(amount) as revenue from ${orders} group by id`,
    columns: { revnue: s.decimal(38, 2) },
    partitionBy: ["day"],
    expect: { some: rule("revenue").orWarn() },
  });
  const above = gold("above", { query: sql`select missing from ${others}` });
  expect((await problemsOf([raw, orders, misspelt, others, above])).map(({ path }) => path)).toEqual([
    "tables.gold.misspelt.query",
    "tables.gold.others.columns.revnue",
    "tables.gold.others.partitionBy",
    "tables.gold.others.expect.some",
    "tables.gold.above.query",
  ]);
});

test("what reads a table with a mistake of its own is not blamed for it", async () => {
  const orders = silver("orders", { from: raw, keys: ["id"], columns: { id: s.string() } });
  const first = gold("first", { query: sql`select idd from ${orders}` });
  const second = gold("second", { query: sql`select idd from ${first}` });
  expect((await problemsOf([raw, orders, first, second])).map(({ path }) => path)).toEqual(["tables.gold.first.query"]);
});

test("a failure that is none of the SQL is no mistake of the definition", async () => {
  const broken = { schemaOf: async () => await Promise.reject(new RangeError("out of everything")) };
  const definition = resolveLake(
    defineLake({
      name: "shop",
      storage: "./lake",
      tables: [
        raw,
        silver("o", { from: raw, keys: ["id"], columns: { id: s.string() }, expect: { a: rule("id <> ''") } }),
      ],
    }),
    { folder },
  );
  await expect(checkLake(definition, broken)).rejects.toThrow("out of everything");
});
