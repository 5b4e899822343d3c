import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { anyAttributes, anyText, objectFrom, spell, type Spelling } from "../../../test/sources/random-records.ts";
import { ExportBench } from "../../../test/sources/stage-lines.ts";
import { parseJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import { canonicalNumber, encodeKey, type StructType } from "../../contract/index.ts";
import type { Row } from "../../engine/index.ts";
import type { DynamoDbSourceOptions, UnreadableLine } from "../index.ts";
import { shapesOf } from "./columns/column-schema.ts";
import { Spellings, grow, isComplete, type Shape } from "./columns/shapes.ts";
import { isTopLevelName } from "../staged/index.ts";

const bench = new ExportBench();
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

interface RoundTrip {
  /** By `_key`: the rebuilt record and the row. */
  readonly records: ReadonlyMap<string, JsonValue>;
  readonly rows: ReadonlyMap<string, Row>;
  readonly schema: StructType;
  readonly unreadable: readonly UnreadableLine[];
}

interface RoundTripOptions extends Partial<DynamoDbSourceOptions> {
  readonly files?: number;
  readonly kind?: "full" | "window";
}

let exports = 0;

/** Stages the lines as one export and rebuilds every record. */
async function roundTrip(
  lines: readonly string[],
  { files = 1, kind = "full", ...options }: RoundTripOptions = {},
): Promise<RoundTrip> {
  // prettier-ignore
  exports += 1;
  const table = `case-${exports}`;
  const contents =
    kind === "full"
      ? { full: "2024-01-01T00:00:00Z", items: lines }
      : { from: "2024-01-01T00:00:00Z", to: "2024-01-02T00:00:00Z", events: lines };
  bench.add(contents, { below: table, table, files });
  const source = bench.source({ table, requireFullExport: kind === "full", ...options });
  const { rows, schema, batches, plan } = await bench.run(source);
  expect(plan.problem).toBeUndefined();
  if (schema === undefined) throw new Error("nothing was staged");
  const records = new Map<string, JsonValue>();
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const key = row["_key"];
    if (typeof key !== "string") continue;
    records.set(key, parseJson(source.rebuild(row, schema)));
    byKey.set(key, row);
  }
  return { records, rows: byKey, schema, unreadable: batches.flatMap((batch) => batch.unreadable) };
}

const RUNS = { numRuns: Number(process.env["FC_RUNS"] ?? 40) };
const anySpelling = fc.constantFrom<Spelling>("plain", "plain", "plain", "blanks", "escapes");

describe("an item", () => {
  test("comes back from its Bronze row exactly, whatever its attributes and their spelling", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyAttributes, anySpelling), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1_000, 1_000, 5),
        async (items, files, columnsMax) => {
          const lines = items.map(([attributes, spelling], index) => itemLine(`k${index}`, attributes, spelling));
          const back = await roundTrip(lines, { files, columnsMax });
          expect(back.unreadable).toEqual([]);
          for (const [index, line] of lines.entries()) {
            expect(back.records.get(`S:k${index}`)).toEqual(parseJson(line));
          }
          expect(back.records.size).toBe(lines.length);
        },
      ),
      RUNS,
    );
  }, 120_000);

  test("has in columns what fits them, and in _rescued the rest", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyAttributes, anySpelling), { minLength: 1, maxLength: 30 }),
        async (items) => {
          const lines = items.map(([attributes, spelling], index) => itemLine(`k${index}`, attributes, spelling));
          const back = await roundTrip(lines);
          const shapes = new Map<string, Shape>([["id", { tag: "S", type: "string" }]]);
          for (const [index, [attributes]] of items.entries()) {
            const row = back.rows.get(`S:k${index}`) ?? {};
            expect(rescuedNames(row)).toEqual(expectedRescue(shapes, attributes));
          }
          expect(shapesOf(back.schema)).toEqual(shapes);
        },
      ),
      RUNS,
    );
  }, 120_000);

  test("comes back at the limits of DynamoDB", async () => {
    let deep: JsonValue = { S: "bottom" };
    for (let level = 0; level < 32; level += 1) deep = level % 2 === 0 ? { M: { in: deep } } : { L: [deep] };
    const many = objectFrom(Array.from({ length: 10_000 }, (_, index) => [`attribute${index}`, { N: String(index) }]));
    const lines = [
      itemLine("deep", { deep }),
      itemLine("deeper", { deeper: { L: [deep] } }),
      itemLine("wide", many),
      itemLine("large", {
        text: { S: "é€😀".repeat(40_000) },
        binary: { B: Buffer.alloc(300_000, 7).toString("base64") },
      }),
      itemLine("empty", {
        s: { S: "" },
        b: { B: "" },
        l: { L: [] },
        m: { M: {} },
        ss: { SS: [] },
        null: { NULL: true },
      }),
      itemLine("precise", { n: { N: "-1234567890123456789012345678901234567.8" }, ns: { NS: ["1", "1.0", "1E0"] } }),
    ];
    const back = await roundTrip(lines);
    expect(back.unreadable).toEqual([]);
    for (const line of lines) {
      const record = parseJson(line);
      expect(back.records.get(`S:${keyOf(record)}`)).toEqual(record);
    }
    expect(back.schema.fields.length).toBeLessThanOrEqual(14 + 1_000);
  });

  test("keeps hinted numbers exactly, in the column or rescued", async () => {
    const texts = ["0", "1", "-1.5", "12345678.90", "12345678.9", "99999999.99", "999999999.99", "1.234", "1e2", "-0", "9223372036854775807", "9223372036854775808", "0.1", "16777217", "1E-7", "123456789012345678"]; // prettier-ignore
    const hints = (["decimal(10,2)", "long", "integer", "double", "float", "decimal(38,10)"] as const).map((type, index) => ({ name: `h${index}`, type })); // prettier-ignore
    const lines = texts.map((text, index) => itemLine(`k${index}`, objectFrom(hints.map(({ name }) => [name, { N: text }])))); // prettier-ignore
    const back = await roundTrip(lines, { hints });
    for (const [index, line] of lines.entries()) expect(back.records.get(`S:k${index}`)).toEqual(parseJson(line));
    expect(back.rows.get("S:k4")).toMatchObject({ h0: "12345678.90", h3: 12345678.9, h5: "12345678.9000000000" });
    expect(rescuedNames(back.rows.get("S:k4") ?? {})).toEqual(["h1", "h2", "h4"]);
    expect(back.rows.get("S:k10")).toMatchObject({ h1: 9223372036854775807n, h2: null });
  });
});

describe("a change of a window", () => {
  const anyKeyNumber = fc.constantFrom(
    "1",
    "-1",
    "0",
    "1.5",
    "10",
    "0.10",
    "1E3",
    "99999999999999999999999999999999999999",
  );
  const anyKeyText = anyText.filter((text) => text.isWellFormed() && text !== "");
  const anyMetadata = fc.record({
    micros: fc.integer({ min: 1_000_000_000, max: 2 ** 52 }),
    form: fc.constantFrom("tagged", "text", "with more"),
    beside: fc.boolean(),
  });

  test("comes back from its Bronze row exactly, with both images, its keys and its time", async () => {
    const anyChange = fc.tuple(fc.option(anyAttributes), fc.option(anyAttributes), anyMetadata, anySpelling);
    const anyKey = fc.tuple(anyKeyText, anyKeyNumber);
    const anyChanges = fc.uniqueArray(fc.tuple(anyKey, anyChange), { minLength: 1, maxLength: 20, selector: ([key]) => keyText(key) }); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(anyChanges, async (changes) => {
        const lines = changes.map(([[id, version], [after, before, metadata, spelling]]) => {
          const keys = objectFrom([["id", { S: id }], ["version", { N: version }]]); // prettier-ignore
          const line: [string, JsonValue][] = [
            ["Keys", keys],
            ["Metadata", metadataOf(metadata)],
          ];
          if (after !== null) line.push(["NewImage", objectFrom([...Object.entries(after), ...Object.entries(keys)])]);
          if (before !== null)
            line.push(["OldImage", objectFrom([...Object.entries(keys), ...Object.entries(before)])]);
          if (metadata.beside) line.push(["Later", { any: ["thing", null] }]);
          return spell(objectFrom(line), spelling);
        });
        const back = await roundTrip(lines, { kind: "window", keys: ["id", "version"], ttlAttribute: "total" });
        expect(back.unreadable).toEqual([]);
        for (const [index, [key, [after, before, { micros }]]] of changes.entries()) {
          const row = back.rows.get(keyText(key));
          expect(back.records.get(keyText(key))).toEqual(parseJson(lines[index] ?? ""));
          expect(row).toMatchObject({
            _op: after === null ? "D" : before === null ? "I" : "U",
            _source_ts: BigInt(micros),
            _sequence: `0000-${String(micros - 300_000_000).padStart(19, "0")}-2`,
            _event_id: `export/0/2024-01-01T00:00:00Z..2024-01-02T00:00:00Z/${keyText(key)}`,
          });
        }
      }),
      RUNS,
    );
  }, 120_000);
});

function itemLine(key: string, attributes: JsonObject, spelling: Spelling = "plain"): string {
  const item = objectFrom([["id", { S: key }], ...Object.entries(attributes)]);
  return spell(objectFrom([["Item", item]]), spelling);
}

function keyOf(record: JsonValue): string {
  return (record as { Item: { id: { S: string } } }).Item.id.S;
}

function keyText([id, version]: readonly [string, string]): string {
  return encodeKey([
    { tag: "S", value: id },
    { tag: "N", value: canonicalNumber(version) ?? "" },
  ]);
}

function metadataOf({ micros, form }: { readonly micros: number; readonly form: string }): JsonObject {
  if (form === "text") return { WriteTimestampMicros: String(micros) };
  const tagged = { WriteTimestampMicros: { N: String(micros) } };
  return form === "tagged" ? tagged : { ...tagged, Version: "2" };
}

function rescuedNames(row: Row): readonly string[] {
  const rescued = row["_rescued"];
  return typeof rescued === "string" ? Object.keys(parseJson(rescued) as JsonObject).toSorted() : [];
}

/** The rule of columns, said once more and slowly: the names rescued of an item, while `shapes` learns from it. */
function expectedRescue(shapes: Map<string, Shape>, item: JsonObject): readonly string[] {
  const rescued: string[] = [];
  for (const name of Object.keys(item)) {
    const known = shapes.get(name);
    const mayBeColumn = known !== undefined || (isTopLevelName(name) && !new Spellings(shapes.keys()).has(name));
    const grown = mayBeColumn ? grow(known, item[name] ?? null) : undefined;
    if (grown === undefined || !isComplete(grown)) rescued.push(name);
    else shapes.set(name, grown);
  }
  return rescued.toSorted();
}

test("attributes of global tables (F43) are columns like others, and come back as they were", async () => {
  const item = {
    id: { S: "a" },
    "aws:rep:deleting": { BOOL: false },
    "aws:rep:updatetime": { N: "1569267541.461004" },
    "aws:rep:updateregion": { S: "eu-central-1" },
  };
  const { records, rows, unreadable } = await roundTrip([JSON.stringify({ Item: item })]);
  expect(unreadable).toEqual([]);
  expect(records.get("S:a")).toEqual({ Item: item });
  expect(rows.get("S:a")).toMatchObject({ "aws:rep:updatetime": "1569267541.461004", _rescued: null });
});
