import { describe, expect, test } from "vitest";
import { untyped } from "../../test/untyped-lake.ts";
import {
  bronze,
  bucket,
  definitionFingerprint,
  dynamodb,
  expect as rule,
  resolveLake,
  s,
  silver,
  sql,
  type Expectations,
} from "./index.ts";

const orders = bronze("orders", { source: dynamodb({ table: "orders", keys: ["id"], export: ".", ttl: "ttl" }) });
const other = bronze("other", { source: dynamodb({ table: "other", keys: ["id"], export: ".", ttl: "ttl" }) });
const people = silver("people", {
  from: orders,
  keys: ["id"],
  columns: { id: s.string(), name: s.string(), town: s.string() },
});

const silverOptions = {
  from: orders,
  keys: ["id"],
  columns: {
    id: s.string(),
    cust: s.string(),
    amount: s.decimal(18, 2),
    day: s.date().sql("placed::date"),
    placed: s.timestamp(),
    name: s.string().joined("people.name"),
    parts: s.struct({ code: s.string() }),
  },
  join: { people: { table: people, on: { cust: "id" } } },
  expect: {
    paid: rule("amount > 0").orDrop(),
    known: rule("cust is not null").orQuarantine().atMost(0.5),
  } as Expectations,
};
function silverPrint(changes: object = {}, name = "orders"): string {
  const table = untyped.silver(name, { ...silverOptions, ...changes });
  return fingerprintOf(`silver.${name}`, [orders, other, people, table]);
}

const clean = silver("orders", { from: orders, keys: ["id"], columns: { id: s.string(), amount: s.long() } });
function goldPrint(changes: object = {}): string {
  const table = untyped.gold("totals", { query: sql`select sum(amount) as total from ${clean}`, ...changes });
  return fingerprintOf("gold.totals", [orders, people, clean, table]);
}

function fingerprintOf(name: string, tables: readonly unknown[]): string {
  const lake = untyped.defineLake({ name: "shop", storage: ".", tables });
  const found = resolveLake(lake, { folder: "/" }).tables.find((table) => table.name === name);
  if (found === undefined || found.layer === "bronze") throw new Error("the table is not there");
  return definitionFingerprint(found);
}

const { columns } = silverOptions;
const described = {
  ...columns,
  cust: s.string().pii().describe("Who").tag("a", "b"),
  parts: s.struct({ code: s.string().describe("x") }),
};

describe("a Silver fingerprint stays", () => {
  const reversed = Object.fromEntries(Object.entries(columns).toReversed());
  test.each<[string, string]>([
    ["another name", silverPrint({}, "orders_again")],
    [
      "meaning",
      silverPrint({
        description: "x",
        owner: "y",
        domain: "z",
        tags: { a: "b" },
        properties: { a: "b" },
        columns: described,
      }),
    ],
    ["another order of columns", silverPrint({ columns: reversed })],
    ["another way to merge", silverPrint({ merge: "copy-on-write" })],
    [
      "rules that warn or fail",
      silverPrint({ expect: { ...silverOptions.expect, a: rule("amount < 9"), b: rule("amount < 9").orFail() } }),
    ],
    [
      "other thresholds",
      silverPrint({ expect: { ...silverOptions.expect, known: rule("cust is not null").orQuarantine() } }),
    ],
    [
      "other names and another order of rules",
      silverPrint({ expect: { b: silverOptions.expect["known"], a: silverOptions.expect["paid"] } }),
    ],
    [
      "blanks, comments and the case of words",
      silverPrint({ columns: { ...columns, day: s.date().sql("PLACED :: Date -- day") } }),
    ],
    [
      "another name of a join",
      silverPrint({
        join: { folk: silverOptions.join.people },
        columns: { ...columns, name: s.string().joined("folk.name") },
      }),
    ],
    [
      "a join that no column uses",
      silverPrint({ join: { ...silverOptions.join, more: { table: people, on: { id: "id" } } } }),
    ],
    ["defaults that are written out", silverPrint({ deletes: "hard", ttlDeletes: "hard", partitionBy: [] })],
  ])("with %s", (_change, fingerprint) => {
    expect(fingerprint).toBe(silverPrint());
  });
});

describe("a Silver fingerprint changes", () => {
  const changes: readonly [string, string][] = [
    ["nothing (the first of all)", silverPrint()],
    ["another source", silverPrint({ from: other })],
    ["a type", silverPrint({ columns: { ...columns, amount: s.decimal(19, 2) } })],
    ["a type within a type", silverPrint({ columns: { ...columns, parts: s.struct({ code: s.long() }) } })],
    ["another attribute", silverPrint({ columns: { ...columns, amount: s.decimal(18, 2).from("total") } })],
    ["a deeper attribute", silverPrint({ columns: { ...columns, amount: s.decimal(18, 2).from("total.net") } })],
    ["an attribute with a dot", silverPrint({ columns: { ...columns, amount: s.decimal(18, 2).from(["total.net"]) } })],
    ["another expression", silverPrint({ columns: { ...columns, day: s.date().sql("placed::date + 1") } })],
    ["a text in another case", silverPrint({ columns: { ...columns, day: s.date().sql("'Placed'::date") } })],
    ["a quoted name", silverPrint({ columns: { ...columns, day: s.date().sql('"placed"::date') } })],
    ["one more column", silverPrint({ columns: { ...columns, more: s.string() } })],
    ["another joined column", silverPrint({ columns: { ...columns, name: s.string().joined("people.town") } })],
    ["another join", silverPrint({ join: { people: { table: people, on: { id: "id" } } } })],
    ["deletes", silverPrint({ deletes: "soft" })],
    ["TTL deletes", silverPrint({ ttlDeletes: "keep" })],
    ["lateness", silverPrint({ maxLateness: "1 day" })],
    ["partitions", silverPrint({ partitionBy: ["cust"] })],
    ["other partitions", silverPrint({ partitionBy: [bucket("cust", 4)] })],
    ["more buckets", silverPrint({ partitionBy: [bucket("cust", 8)] })],
    ["one rule less", silverPrint({ expect: { paid: silverOptions.expect["paid"] } })],
    ["another condition", silverPrint({ expect: { ...silverOptions.expect, paid: rule("amount >= 0").orDrop() } })],
    ["another fate", silverPrint({ expect: { ...silverOptions.expect, paid: rule("amount > 0").orQuarantine() } })],
  ];

  test.each(changes)("with %s", (change, fingerprint) => {
    const same = changes.filter(([, one]) => one === fingerprint).map(([title]) => title);
    expect(same).toEqual([change]);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a Gold fingerprint", () => {
  test("stays where only meaning or spelling changes", () => {
    const query = sql`select sum(amount)   as total -- all of it
      from ${clean}`;
    expect(goldPrint({ query, description: "x", expect: { a: rule("total > 0") } })).toBe(goldPrint());
  });

  test("changes with the query, declared types, deciding rules and partitions", () => {
    const prints = [
      goldPrint(),
      goldPrint({ query: sql`select sum(amount) as Total from ${clean}` }),
      goldPrint({ query: sql`select sum(amount) + 1 as total from ${clean}` }),
      goldPrint({ query: sql`select sum(amount) as total from ${people}` }),
      goldPrint({ columns: { total: s.long() } }),
      goldPrint({ expect: { a: rule("total > 0").orDrop() } }),
      goldPrint({ partitionBy: ["total"] }),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });
});

test("fingerprints are kept in tables: a change of them rebuilds every lake there is", () => {
  const fixed = { silver: silverPrint(), gold: goldPrint() };
  expect(fixed).toEqual({
    silver: "fb8cb2543b2a9934f3309cd929057426c6fab74842508e66d65a57f6d18245c2",
    gold: "504573726fb8bcc7ac3812334e474d7e7091c508493b5f54b6c45a1ff01647a1",
  });
});
