import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrayOf, field, mapOf, struct, type DataType } from "../../../../contract/index.ts";
import type { Value } from "../../../../engine/index.ts";
import { NoRecord, readEnvelope } from "../../envelope/read-envelope.ts";
import { LayoutFlaw } from "./layout-flaw.ts";
import { recordReader } from "./record-layout.ts";
import { KnownNames } from "./known-names.ts";

type Types = Readonly<Record<string, DataType | undefined>>;

function structOf(members: Types): ReturnType<typeof struct> {
  return struct(Object.entries(members).flatMap(([name, type]) => (type === undefined ? [] : [field(name, type)])));
}

const TEXTS = mapOf("string", "string");
const VALUE = structOf({
  s: "string",
  n: "string",
  b: "string",
  bool: "boolean",
  null: "boolean",
  ss: arrayOf("string"),
  ns: arrayOf("string"),
  bs: arrayOf("string"),
  l: arrayOf("string"),
  m: "string",
});
const INNER: Types = { approximatecreationdatetime: "long", keys: TEXTS, newimage: TEXTS, oldimage: TEXTS };

interface Columns {
  readonly outer?: Types;
  readonly inner?: Types;
  readonly keys?: readonly string[];
  readonly known?: readonly string[];
  readonly exact?: boolean;
}

function columns({ outer, inner }: Columns): ReturnType<typeof struct> {
  const around = { eventname: "string", useridentity: "string", tablename: "string" } as const;
  return structOf({ ...around, dynamodb: structOf({ ...INNER, ...inner }), ...outer });
}

const reader = (which: Columns): ReturnType<typeof recordReader> => {
  const { keys = ["id"], known = [], exact = false } = which;
  return recordReader(columns(which), { keys, hasExactAttributes: exact, knownNames: new KnownNames([...keys, ...known]) }); // prettier-ignore
};

const ID: Value = { id: '{"S":"a"}' };
const row = (change: Readonly<Record<string, Value>> = {}, around: Readonly<Record<string, Value>> = {}) => ({
  eventname: "INSERT",
  useridentity: null,
  tablename: "orders",
  dynamodb: { approximatecreationdatetime: 1_773_050_400_000_000n, keys: ID, newimage: ID, oldimage: null, ...change },
  ...around,
});

function flawOf(work: () => unknown): LayoutFlaw {
  try {
    work();
  } catch (error) {
    if (error instanceof LayoutFlaw) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("columns that do not keep what a change says are refused", () => {
  test.each<[string, Columns, RegExp, RegExp]>([
    ["no operation", { outer: { eventname: undefined } }, /no column eventName/, /Declare eventName/],
    ["no table", { outer: { tablename: undefined } }, /no column tableName/, /Declare tableName/],
    ["nobody who did it", { outer: { useridentity: undefined } }, /no column userIdentity/, /again as JSON/],
    ["who did it without a name", { outer: { useridentity: structOf({ type: "string" }) } }, /does not tell by whom/, /principalid/], // prettier-ignore
    ["no new image", { inner: { newimage: undefined } }, /no column dynamodb.NewImage/, /Declare dynamodb.NewImage/],
    ["a time of another kind", { inner: { approximatecreationdatetime: "timestamp" } }, /ApproximateCreationDateTime is timestamp/, /bigint/], // prettier-ignore
    ["a time of seven digits", { inner: { approximatecreationdatetime: "float" } }, /is float/, /bigint/],
    ["a change that is no struct", { outer: { dynamodb: TEXTS } }, /dynamodb is map<string,string>, and holds no change/, /struct/], // prettier-ignore
    ["values without types", { inner: { newimage: structOf({ id: "string", total: "double" }) }, exact: true }, /NewImage.total is double, which tells no type/, /`string`/], // prettier-ignore
    ["numbers as doubles", { inner: { newimage: mapOf("string", structOf({ S: "string", N: "double" })) }, exact: true }, /NewImage\[…\].N is double, which does not keep every value/, /Declare N as `string`/], // prettier-ignore
    ["numbers as decimals", { inner: { newimage: mapOf("string", structOf({ N: "decimal(38,10)" })) }, exact: true }, /N is decimal\(38,10\)/, /last digit/], // prettier-ignore
    ["bytes as binary", { inner: { newimage: mapOf("string", structOf({ B: "binary" })) }, exact: true }, /B is binary/, /base64/], // prettier-ignore
    ["sets of numbers", { inner: { newimage: mapOf("string", structOf({ NS: arrayOf("long") })) }, exact: true }, /NS is array<bigint>/, /array<string>/], // prettier-ignore
    ["an image as an array", { inner: { newimage: arrayOf("string") } }, /NewImage is array<string>/, /string/],
    ["a member of no type", { inner: { newimage: mapOf("string", structOf({ S: "string", type: "string" })) }, exact: true }, /has type, which is no type/, /`string`/], // prettier-ignore
    ["an image by attributes", { inner: { newimage: structOf({ id: VALUE }) } }, /neither whether every attribute/, /exactAttributes: true/], // prettier-ignore
    ["an image by types of the schema", { inner: { oldimage: mapOf("string", VALUE) } }, /OldImage\[…\] show neither/, /exactAttributes: true/], // prettier-ignore
    ["an image without the key", { inner: { newimage: structOf({ total: VALUE }) }, exact: true }, /no column dynamodb.NewImage.id/, /Declare/], // prettier-ignore
    ["a key in lower case", { inner: { newimage: structOf({ orderid: VALUE }) }, keys: ["orderId"], exact: true }, /orderid is orderId elsewhere/, /CaseInsensitive/], // prettier-ignore
    ["an attribute in lower case", { inner: { newimage: structOf({ id: VALUE, placedat: VALUE }) }, known: ["placedAt"], exact: true }, /placedat is placedAt elsewhere/, /CaseInsensitive/], // prettier-ignore
    ["a column twice", { outer: { eventName: "string" } }, /two columns called eventname/, /once/],
    ["an operation that is no text", { outer: { eventname: "long" } }, /eventname is bigint, not text/, /`string`/],
  ])("%s", (_title, which, message, advice) => {
    const flaw = flawOf(() => reader(which));
    expect(flaw.message).toMatch(message);
    expect(flaw.advice).toMatch(advice);
  });

  test.each<[string, Columns, ReturnType<typeof row>, RegExp]>([
    ["capital letters that a map has lost", { known: ["placedAt"] }, row({ newimage: { id: '{"S":"a"}', placedat: '{"N":"1"}' } }), /placedat is placedAt elsewhere/], // prettier-ignore
    ["changes of DynamoDB Streams without their number", {}, row({ approximatecreationdatetime: 1_773_050_400n }), /no column SequenceNumber/], // prettier-ignore
    ["a change as text in lower case", { outer: { dynamodb: "string" } }, row({}, { dynamodb: '{"keys":{"id":{"s":"a"}}}' }), /lower case \(keys\)/], // prettier-ignore
  ])("also where a row shows it: %s", (_title, which, one, message) => {
    const read = reader(which);
    expect(() => read(one)).toThrow(LayoutFlaw);
    expect(() => read(one)).toThrow(message);
  });
});

test.each<[string, Columns, ReturnType<typeof row>, RegExp]>([
  ["a value of a type that has no column", { inner: { newimage: mapOf("string", structOf({ S: "string" })) }, exact: true }, row({ newimage: { id: { S: null } } }), /a type that the file has no column for/], // prettier-ignore
  ["a value of two types", { inner: { newimage: mapOf("string", VALUE) }, exact: true }, row({ newimage: { id: { s: "a", n: "1" } } }), /two types/], // prettier-ignore
  ["a set with a hole", { inner: { newimage: mapOf("string", VALUE) }, exact: true }, row({ newimage: { id: { ss: ["a", null] } } }), /an element without a value/], // prettier-ignore
  ["a text that is no value", {}, row({ newimage: { id: "a" } }), /no JSON/],
  ["a type in lower case", {}, row({ newimage: { id: '{"s":"a"}' } }), /no value of DynamoDB/],
  ["an unknown type", { inner: { newimage: mapOf("string", TEXTS) } }, row({ newimage: { id: { constructor: "a" } } }), /no type of DynamoDB: "constructor"/], // prettier-ignore
  ["an attribute without a value", {}, row({ newimage: { id: null } }), /no value of "id"/],
  ["a new image that went missing", {}, row({ newimage: null }), /NewImage is empty/],
  ["a null that is false", { inner: { newimage: mapOf("string", VALUE) }, exact: true }, row({ newimage: { id: { null: false } } }), /neither true nor false/], // prettier-ignore
])("a row that says less than its record is none: %s", (_title, which, one, message) => {
  const read = reader(which);
  expect(() => read(one)).toThrow(NoRecord);
  expect(() => read(one)).toThrow(message);
});

test("text of a row cannot say more than its own member", () => {
  const read = reader({ inner: { approximatecreationdatetime: "string" } });
  const text = read(row({ approximatecreationdatetime: '1,"Keys":{}' }));
  expect(() => readEnvelope(Buffer.from(text), 0)).toThrow(/ApproximateCreationDateTime is no time/);
});

test("what the table's attributes are called says nothing of those inside of them", () => {
  const read = reader({ known: ["placedAt"], inner: { newimage: mapOf("string", VALUE) }, exact: true });
  const inside = '{"placedat":{"N":"1"}}';
  expect(newImage(read(row({ newimage: { id: { s: "a" }, deep: { m: inside } } })))).toEqual({ id: { S: "a" }, deep: { M: JSON.parse(inside) } }); // prettier-ignore
  const maps = reader({ known: ["placedAt"], inner: { newimage: mapOf("string", structOf({ s: "string", m: TEXTS })) }, exact: true }); // prettier-ignore
  expect(newImage(maps(row({ newimage: { deep: { m: { placedat: '{"N":"1"}' } } } })))).toEqual({ deep: { M: JSON.parse(inside) } }); // prettier-ignore
});

test("attributes of the key are called as the definition says; members that nobody knows are kept", () => {
  const keys = ["orderId"];
  const inner = { keys: structOf({ orderid: structOf({ s: "string" }) }), sizebytes: "long" } as const;
  const read = reader({ keys, inner, outer: { shard: "string", parts: arrayOf("decimal(38,2)") } });
  const newimage: Value = { orderId: '{"S":"a"}', note: '{\n"NULL":true}' };
  const change = { keys: { orderid: { s: "a" } }, newimage, sizebytes: 42n };
  const text = read(row(change, { shard: "s-0", parts: ["0.10"], useridentity: '{"principalid":"p","type":"Service"}' })); // prettier-ignore
  expect(JSON.parse(text)).toEqual({
    eventName: "INSERT",
    userIdentity: { principalId: "p", type: "Service" },
    tableName: "orders",
    shard: "s-0",
    parts: ["0.10"],
    dynamodb: {
      ApproximateCreationDateTime: 1_773_050_400_000_000,
      Keys: { orderId: { S: "a" } },
      NewImage: { orderId: { S: "a" }, note: { NULL: true } },
      SizeBytes: 42,
    },
  });
  expect(text).not.toContain("\n");
});

const attribute = fc.letrec<{ value: Readonly<Record<string, unknown>> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ S: fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()) }),
    fc.record({ N: fc.bigInt().map(String) }),
    fc.record({ B: fc.base64String() }),
    fc.record({ BOOL: fc.boolean() }),
    fc.record({ NULL: fc.constant(true) }),
    fc.record({ SS: fc.array(fc.string(), { minLength: 1 }) }),
    fc.record({ L: fc.array(tie("value")) }),
    fc.record({ M: fc.dictionary(fc.string(), tie("value")) }),
  ),
})).value;

/** As the columns of `VALUE` hold it. */
function asStruct(value: Readonly<Record<string, unknown>>): Value {
  const [[tag, content] = ["", null]] = Object.entries(value);
  const empty = Object.fromEntries(VALUE.fields.map(({ name }) => [name, null]));
  const held = tag === "L" ? (content as unknown[]).map((one) => JSON.stringify(one)) : tag === "M" ? JSON.stringify(content) : content; // prettier-ignore
  return { ...empty, [tag.toLowerCase()]: held as Value };
}

function newImage(text: string): unknown {
  return (JSON.parse(text) as { dynamodb: { NewImage: unknown } }).dynamodb.NewImage;
}

test("every item comes back as it was, from each layout of its values", () => {
  const texts = reader({});
  const structs = reader({ inner: { newimage: mapOf("string", VALUE) }, exact: true });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), attribute), (item) => {
      const entries = Object.entries(item);
      const names = entries.filter(([name]) => name.toLowerCase() !== "id");
      const rest = Object.fromEntries(names);
      expect(newImage(texts(row({ newimage: Object.fromEntries(names.map(([name, value]) => [name, JSON.stringify(value)])) })))).toEqual(rest); // prettier-ignore
      expect(newImage(structs(row({ newimage: Object.fromEntries(names.map(([name, value]) => [name, asStruct(value)])) })))).toEqual(rest); // prettier-ignore
    }),
    { numRuns: 200 },
  );
});
