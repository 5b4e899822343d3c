import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import { arrayOf, field, struct } from "../../contract/index.ts";
import { duckdbEngine, textOf, type Engine, type Row, type Scratch } from "../../engine/index.ts";
import { compareDigests } from "./compare-digests.ts";
import { sourceDigests } from "./row-digests.ts";

const SEED = process.env["SLUICE_SEED"];
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 2_000 : 12;

let engine: Engine;
let spill: string;

beforeAll(async () => {
  spill = await mkdtemp(join(tmpdir(), "sluice-digests-"));
  engine = await duckdbEngine({ memoryBytes: 256 * 2 ** 20, threads: 1, spillFolder: spill, world: realWorld() });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(spill, { recursive: true, force: true });
});

const NARROW = struct([
  field("_key", "string"),
  field("_op", "string"),
  field("a", "string"),
  field("_rescued", "string"),
]);
/** Later columns, as a batch has them that brings an attribute for the first time. */
const WIDE = struct([
  field("_key", "string"),
  field("_op", "string"),
  field("b", "decimal(38,2)"),
  field("a", "string"),
  field("s", arrayOf("string")),
  field("_rescued", "string"),
]);

interface Item {
  readonly a: string | null;
  readonly b: string | null;
  readonly s: readonly string[] | null;
  readonly _rescued: string | null;
}

const anItem: fc.Arbitrary<Item> = fc.record({
  a: fc.constantFrom(null, "", "x", '"', "\u001e"),
  b: fc.constantFrom(
    null,
    "1.00",
    "123456789012345678901234567890123456.78",
    "123456789012345678901234567890123456.79",
  ),
  s: fc.constantFrom(null, [], ["x"], ["x", "y"], ["x,y"]),
  _rescued: fc.constantFrom(null, '{"c":{"N":"1"}}'),
});

async function digests(items: ReadonlyMap<string, Item>, op: string): Promise<Scratch> {
  const isNarrow = [...items.values()].every(({ b, s }) => b === null && s === null);
  const schema = isNarrow ? NARROW : WIDE;
  const rows = [...items].map(([key, item]): Row => {
    const { a, b, s, _rescued } = item;
    return { _key: key, _op: op, a, ...(isNarrow ? {} : { b, s }), _rescued };
  });
  const relation = { sql: "SELECT * FROM rows", inputs: { rows: { kind: "rows", schema, rows } } } as const;
  return await sourceDigests(engine, { relation, schema });
}

test("keys differ exactly where one side lacks the record or has another one, whatever else the columns are", async () => {
  const anySide = fc.dictionary(fc.constantFrom("k1", "k2", "k3", "k4", "k5", "k6"), anItem);
  await fc.assert(
    fc.asyncProperty(anySide, anySide, fc.boolean(), async (source, other, isSame) => {
      const lake = isSame ? source : other;
      const entries = Object.entries(source);
      const halves = [entries.slice(0, 2), entries.slice(2)].map((half) => new Map(half));
      const parts = await Promise.all(halves.map(async (half) => await digests(half, "R")));
      await using mine = await digests(new Map(Object.entries(lake)), "U");
      await using compared = await compareDigests(engine, parts, mine);
      const found = await engine.rows({
        sql: "SELECT _key FROM differing ORDER BY _key",
        inputs: { differing: { kind: "scratch", scratch: compared.differing } },
      });
      for (const part of parts) await part[Symbol.asyncDispose]();
      const keys = [...new Set([...Object.keys(source), ...Object.keys(lake)])].toSorted();
      const differing = keys.filter((key) => JSON.stringify(source[key]) !== JSON.stringify(lake[key]));
      expect(found.map((row) => textOf(row, "_key"))).toEqual(differing);
      expect([compared.sourceRecords, compared.lakeRecords]).toEqual([entries.length, Object.keys(lake).length]);
      expect(compared.bucketsDifferent === 0).toBe(differing.length === 0);
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
