import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeExport } from "../builders/dynamodb-export.ts";
import { attribute, item, type Attribute, type Item } from "../builders/dynamodb-item.ts";
import { oneTableLakes, type OneTableLakes } from "./one-table-lake.ts";
import { runJson, sluice } from "./product.ts";
import { sorted, tracedRecord } from "./traced-record.ts";

const FULL = "2026-01-01T00:00:00Z";

/** Names that something of ours has or had, that no column can have, or that JavaScript, SQL or a terminal would take for its own. */
const NAMES = (
  "_op _KEY _sequence _rescued _batch_id _is_deleted _ingestion_date __file __row __at __kind __hard __fate __rescued __k0 " +
  "__typename filename rowid Name name NAME É é __proto__ constructor toString hasOwnProperty select from source target " +
  "events staged a.b x=y it's back\\slash q\"q 😀"
)
  .split(" ")
  .concat("e\u0301", "a b", "tab\t", "nul\u0000", "\u202egnp", "\u001b[31m", "n".repeat(300));

let lakes: OneTableLakes;

beforeAll(async () => {
  lakes = await oneTableLakes();
});

afterAll(async () => {
  await lakes[Symbol.asyncDispose]();
});

describe("attributes of any name (A1, A41)", () => {
  const alone = NAMES.map((name, n) => itemOf(`n${n}`, [[name, attribute("alone")]]));
  const columns: Readonly<Record<string, string>> = { select: "plain", "it's": "quoted", "a.b": "dotted", _op: "ours", __at: "at", 'q"q': `wéird'"name`, NAME: "name" }; // prettier-ignore
  // A map fits no string column of Silver: only names that have none take one.
  const together = itemOf("all", NAMES.map((name, n) => [name, attribute(n % 2 === 0 || Object.hasOwn(columns, name) ? `value of ${n}` : { [name]: n })])); // prettier-ignore

  test.each([
    ["together first", [together, ...alone]],
    ["together last", [...alone, together]],
  ])("come through the whole path, %s", { timeout: 120_000 }, async (_order, items) => {
    const declared = Object.entries(columns).map(
      ([name, column]) => `${JSON.stringify(column)}: s.string().from([${JSON.stringify(name)}]),`,
    );
    const lake = lakes.newLake({ columns: declared.join(" ") });
    writeExport(lake.exports, { full: FULL, items }, { table: "things", files: 3 });
    const report = await runJson(lake);
    expect({ code: report.exitCode, said: report.said }).toMatchObject({ code: 0 });
    expect(await lakes.reader.faults(lake.lake, { strays: true })).toEqual([]);
    const ours = `SELECT count(*) AS n FROM t WHERE _op IN ('R', 'T') AND _source_table = 'things' AND _batch_id = 0`;
    const [counted] = await lakes.reader.rows(lake.lake, ours, { t: "bronze/things" });
    expect(counted?.["n"]).toBe(BigInt(items.length + 1));
    const silver = await lakes.reader.rows(lake.lake, "SELECT * FROM t", { t: "silver/things" });
    expect(silver).toHaveLength(items.length);
    for (const [name, column] of Object.entries(columns)) {
      const row = silver.find((one) => one["id"] === `n${NAMES.indexOf(name)}`);
      expect({ name, value: row?.[column] }).toEqual({ name, value: "alone" });
    }
    const traced = [together, ...["__proto__", "_op", "NAME", "__k0"].map((name) => alone[NAMES.indexOf(name)] ?? {})];
    for (const sent of traced) {
      const record = await tracedRecord(lake, String(sent["id"]?.["S"]));
      expect(sorted(record)).toBe(sorted(JSON.stringify({ Item: sent })));
    }
  });
});

describe("Silver columns of any name", () => {
  const names = ["__at", "__kind", "__hard", "__violated", "_key", "__typename", "source", "target", "s", "w", "tie", "name", "rule"]; // prettier-ignore

  test.each(names)("%s works, or is refused before anything is written", async (name) => {
    const lake = lakes.newLake({
      columns: `${JSON.stringify(name)}: s.string().from("v"),`,
      expect: `there: expect('"${name}" is not null').orQuarantine(),`,
    });
    const items = [item({ id: "a", v: "1" }), item({ id: "b" })];
    writeExport(lake.exports, { full: FULL, items }, { table: "things" });
    const { status, stderr } = await sluice(lake, ["run"]);
    if (status === 0) {
      const rows = await lakes.reader.rows(lake.lake, "SELECT * FROM t", { t: "silver/things" });
      expect(rows.map((row) => [row["id"], row[name]])).toEqual([["a", "1"]]);
    } else {
      expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining("config.invalid") });
      expect(await lakes.reader.versions(lake.lake)).toEqual({});
    }
  });
});

test("a Gold query that gives a column one of our names is refused by that name", async () => {
  const lake = lakes.newLake({ gold: "select id, 1 as __violated from ${things}" });
  writeExport(lake.exports, { full: FULL, items: [item({ id: "a" })] }, { table: "things" });
  const { status, stderr } = await sluice(lake, ["run"]);
  expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringContaining("__violated") });
});

/** An item with every name kept: an object literal would lose `__proto__`. */
function itemOf(id: string, attributes: readonly (readonly [string, Attribute])[]): Item {
  return Object.fromEntries([["id", attribute(id)], ...attributes]);
}
