import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import { arrayOf, field, mapOf, struct, type DataType } from "../../contract/index.ts";
import { duckdbEngine, type Engine, type Value } from "../../engine/index.ts";
import { columnValue, rescuedValue } from "./column-value.ts";

let engine: Engine;
let spill: string;

beforeAll(async () => {
  spill = await mkdtemp(join(tmpdir(), "sluice-column-"));
  engine = await duckdbEngine({ memoryBytes: 256 * 2 ** 20, threads: 1, spillFolder: spill, world: realWorld() });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(spill, { recursive: true, force: true });
});

interface Place {
  /** Type and value of the Bronze column `a`; undefined: there is none yet. */
  readonly column?: { readonly type: DataType; readonly value: Value };
  /** DynamoDB's notation of the attribute, where it was rescued. */
  readonly rescued?: object;
}

async function read(
  type: DataType,
  place: Place,
  path: readonly string[] = ["a"],
): Promise<{ value: Value; misfit: Value }> {
  const bronze = struct([
    ...(place.column === undefined ? [] : [field("a", place.column.type)]),
    field("_rescued", "string"),
  ]);
  const row = {
    ...(place.column === undefined ? {} : { a: place.column.value }),
    _rescued: place.rescued === undefined ? null : JSON.stringify({ a: place.rescued }),
  };
  const sql = columnValue(path, type, bronze, rescuedValue(path, "_rescued"));
  const [found] = await engine.rows({
    sql: `SELECT ${sql.value} AS value, ${sql.misfit} AS misfit FROM events`,
    inputs: { events: { kind: "rows", schema: bronze, rows: [row] } },
  });
  return { value: found?.["value"] ?? null, misfit: found?.["misfit"] ?? null };
}

const STRUCT = struct([field("code", "string"), field("size", "string")]);
const LIST_OF_MAPS = arrayOf(STRUCT);

/** The same source value in a column of its own and in rescue, and what it is under a declared type. */
const CASES: readonly (readonly [string, DataType, { type: DataType; value: Value }, object, Value])[] = [
  ["a string", "string", { type: "string", value: "x" }, { S: "x" }, "x"],
  ["a number as text", "string", { type: "string", value: "1.50" }, { N: "1.50" }, "1.50"],
  ["a number", "long", { type: "string", value: "12" }, { N: "12" }, 12n],
  ["an exact decimal", "decimal(18,2)", { type: "string", value: "35.4" }, { N: "35.4" }, "35.40"],
  ["a boolean", "boolean", { type: "boolean", value: true }, { BOOL: true }, true],
  ["a boolean as text", "string", { type: "boolean", value: false }, { BOOL: false }, "false"],
  ["bytes", "binary", { type: "binary", value: new Uint8Array([1, 2]) }, { B: "AQI=" }, new Uint8Array([1, 2])],
  [
    "a set of strings",
    arrayOf("string"),
    { type: arrayOf("string"), value: ["x", "y"] },
    { SS: ["x", "y"] },
    ["x", "y"],
  ],
  ["a set of numbers", arrayOf("long"), { type: arrayOf("string"), value: ["1", "2"] }, { NS: ["1", "2"] }, [1n, 2n]],
  ["a list", arrayOf("string"), { type: arrayOf("string"), value: ["x"] }, { L: [{ S: "x" }] }, ["x"]],
  [
    "a map",
    struct([field("code", "string"), field("size", "integer")]),
    { type: STRUCT, value: { code: "c", size: "7" } },
    { M: { code: { S: "c" }, size: { N: "7" } } },
    { code: "c", size: 7 },
  ],
  [
    "a list of maps",
    arrayOf(struct([field("code", "string")])),
    { type: LIST_OF_MAPS, value: [{ code: "c", size: null }] },
    { L: [{ M: { code: { S: "c" } } }] },
    [{ code: "c" }],
  ],
  [
    "a map of names",
    mapOf("string", "string"),
    { type: STRUCT, value: { code: "c", size: null } },
    { M: { code: { S: "c" } } },
    [["code", "c"]],
  ],
];

test.each(CASES)(
  "%s is the same value from its column and from rescue",
  async (...[, type, column, rescued, expected]) => {
    expect(await read(type, { column })).toEqual({ value: expected, misfit: false });
    expect(await read(type, { rescued })).toEqual({ value: expected, misfit: false });
    const empty = { type: column.type, value: null };
    expect(await read(type, { column: empty, rescued })).toEqual({ value: expected, misfit: false });
  },
);

const MISFITS: readonly (readonly [string, DataType, Place])[] = [
  ["text under long", "long", { column: { type: "string", value: "twelve" } }],
  ["text under long, rescued", "long", { rescued: { S: "twelve" } }],
  ["a rounded decimal", "decimal(18,2)", { column: { type: "string", value: "1.005" } }],
  ["a map under string, rescued", "string", { rescued: { M: { x: { S: "y" } } } }],
  ["a map under string", "string", { column: { type: STRUCT, value: { code: "c", size: null } } }],
  ["a string under a list", arrayOf("string"), { column: { type: "string", value: "x" } }],
  ["one bad item of a list", arrayOf("long"), { column: { type: arrayOf("string"), value: ["1", "x"] } }],
  ["one bad item of a rescued list", arrayOf("long"), { rescued: { L: [{ N: "1" }, { S: "x" }] } }],
  ["a bad member", struct([field("size", "long")]), { column: { type: STRUCT, value: { code: null, size: "x" } } }],
  ["a bad member, rescued", struct([field("size", "long")]), { rescued: { M: { size: { S: "x" } } } }],
  ["a string under binary", "binary", { rescued: { S: "AQI=" } }],
];

test.each(MISFITS)("%s is said not to fit", async (_, type, place) => {
  expect((await read(type, place)).misfit).toBe(true);
});

test("absent, explicit NULL and an attribute never seen are NULL and fit", async () => {
  const nothing = { value: null, misfit: false };
  expect(await read("long", { column: { type: "string", value: null } })).toEqual(nothing);
  expect(await read("long", { column: { type: "string", value: null }, rescued: { NULL: true } })).toEqual(nothing);
  expect(await read(arrayOf("long"), { rescued: { NULL: true } })).toEqual(nothing);
  expect(await read("long", {})).toEqual(nothing);
});

test("a member is found by its path in column and rescue", async () => {
  const column = { type: STRUCT, value: { code: "c", size: "7" } };
  expect(await read("integer", { column }, ["a", "size"])).toEqual({ value: 7, misfit: false });
  const rescued = { M: { "odd/name~": { S: "x" } } };
  expect(await read("string", { rescued }, ["a", "odd/name~"])).toEqual({ value: "x", misfit: false });
});

test("a contract column is no attribute", async () => {
  expect(await read("string", { rescued: { S: "x" } }, ["_rescued"])).toEqual({ value: null, misfit: false });
});
