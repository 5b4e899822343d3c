import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FIELD_ID_KEY,
  arrayOf,
  decimal,
  field,
  mapOf,
  struct,
  type DataType,
  type StructField,
  type StructType,
} from "../../contract/index.ts";
import { addColumns } from "./add-columns.ts";
import { checkSchema } from "./check-schema.ts";
import { assignFieldIds, fieldIdsOf, type FieldIds } from "./field-ids.ts";
import { parseSchema } from "./parse-schema.ts";
import { serializeSchema } from "./serialize-schema.ts";

const names = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
const types: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType; struct: StructType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<DataType>("string", "long", "timestamp_ntz", decimal(10, 2)),
    tie("struct"),
    tie("type").map((element) => arrayOf(element)),
    fc.tuple(fc.constantFrom<DataType>("string", "long"), tie("type")).map(([key, value]) => mapOf(key, value)),
  ),
  struct: fc
    .uniqueArray(fc.tuple(names, tie("type")), { selector: ([name]) => name, minLength: 1, maxLength: 4 })
    .map((fields) => struct(fields.map(([name, type]) => field(name, type, { comment: `about ${name}` })))),
})).type;
const schemas = fc
  .uniqueArray(fc.tuple(names, types), { selector: ([name]) => name, minLength: 1, maxLength: 5 })
  .map((fields) => struct(fields.map(([name, type]) => field(name, type))));

describe("a schema", () => {
  test("survives being written and read", () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const { schema: withIds } = assignFieldIds(schema);
        expect(serializeSchema(parseSchema(serializeSchema(withIds), "here"))).toBe(serializeSchema(withIds));
      }),
    );
  });

  test("keeps what it does not know of, to the last digit", () => {
    const metadata = '{"comment":"x","delta.identity.start":9223372036854775807,"list":[1,{"a":null}],"__proto__":1}';
    const text = `{"type":"struct","fields":[{"name":"x","type":"decimal(38,0)","nullable":false,"metadata":${metadata}}]}`;
    expect(serializeSchema(parseSchema(text, "here"))).toBe(text);
  });

  test("of a type that is not read is refused by column and feature", () => {
    expect(() => parseSchema(withType('"geometry(OGC:CRS84)"'), "here")).toThrow(/geospatial/);
    expect(() => parseSchema(withType('"decimal(50,2)"'), "here")).toThrow(/column s\.x: decimal\(50,2\) is no type/);
    expect(() => parseSchema(withType("7"), "here")).toThrow(/a type expected/);
    expect(() => parseSchema("[]", "here")).toThrow(/table|here: schemaString/);
  });

  test("is refused for names that no table of ours may have", () => {
    const bad: readonly (readonly [StructType, RegExp])[] = [
      [struct([field("a", "long"), field("A", "long")]), /column A: another column/],
      [struct([field("s", struct([field("x", "long"), field("X", "long")]))]), /column s\.X/],
      [struct([field("a b", "long")]), /column a b: the name holds/],
      [struct([field("l", arrayOf(struct([field("x=y", "long")])))]), /column l\.element\.x=y/],
      [struct([field("", "long")]), /the name is empty/],
    ];
    for (const [schema, message] of bad) expect(() => checkSchema(unmapped(schema, []), "t")).toThrow(message);
    const schema = struct([field("a", "long"), field("l", arrayOf("long"))]);
    expect(() => checkSchema(unmapped(schema, ["x"]), "t")).toThrow(/not in the schema/);
    expect(() => checkSchema(unmapped(schema, ["l"]), "t")).toThrow(/simple type/);
    expect(() => checkSchema(unmapped(schema, ["a", "a"]), "t")).toThrow(/twice/);
    expect(() => checkSchema(unmapped(struct([field("a", "long")]), ["a"]), "t")).toThrow(/not partitioned by/);
  });
});

describe("field ids", () => {
  test("are given once, to everything at any depth, and stay", () => {
    fc.assert(
      fc.property(schemas, schemas, (first, second) => {
        const one = assignFieldIds(first);
        const ids = idsIn(fieldIdsOf(one.schema));
        expect(new Set(ids.values()).size).toBe(ids.size);
        expect(Math.max(...ids.values())).toBe(one.lastFieldId);
        expect(serializeSchema(assignFieldIds(one.schema, one.schema).schema)).toBe(serializeSchema(one.schema));
        const two = assignFieldIds(second, one.schema, one.lastFieldId);
        const after = idsIn(fieldIdsOf(two.schema));
        expect(new Set(after.values()).size).toBe(after.size);
        for (const [path, id] of after) expect(ids.get(path) === id || id > one.lastFieldId).toBe(true);
      }),
    );
  });

  test("of a column that was dropped are not given again", () => {
    const first = assignFieldIds(struct([field("a", "long"), field("b", "long")]));
    const dropped = assignFieldIds(struct([field("a", "long")]), first.schema, first.lastFieldId);
    const again = assignFieldIds(struct([field("a", "long"), field("b", "long")]), dropped.schema, dropped.lastFieldId);
    expect(fieldIdsOf(again.schema).map((one) => one.id)).toEqual([1, 3]);
  });

  test("that a column brings along from another table do not count", () => {
    const foreign = struct([
      field("x", "long", { [FIELD_ID_KEY]: 7, [`${FIELD_ID_KEY}.element`]: 8 }),
      field("y", "long"),
    ]);
    const { schema } = assignFieldIds(foreign);
    expect(fieldIdsOf(schema).map((one) => one.id)).toEqual([1, 2]);
    expect(schema.fields[0]?.metadata).toEqual({ [FIELD_ID_KEY]: 1 });
  });
});

describe("adding columns", () => {
  test("adds them at any depth and touches nothing else", () => {
    const item = struct([field("sku", "string")]);
    const current = assignFieldIds(
      struct([field("Id", "long"), field("items", arrayOf(item)), field("by_key", mapOf("string", item))]),
    ).schema;
    const wider = struct([field("sku", "string"), field("qty", "long")]);
    const wanted = struct([
      field("id", "long"),
      field("note", "string"),
      field("items", arrayOf(wider)),
      field("by_key", mapOf("string", wider)),
    ]);
    const schema = addColumns(current, wanted, "t");
    expect(schema.fields.map((one) => one.name)).toEqual(["Id", "note", "items", "by_key"]);
    const ids = idsIn(fieldIdsOf(assignFieldIds(schema, current).schema));
    for (const [path, id] of idsIn(fieldIdsOf(current))) expect(ids.get(path)).toBe(id);
    expect([...ids.keys()]).toContain("items.element.qty");
    expect(addColumns(current, current, "t")).toBe(current);
    expect(addColumns(current, withoutMetadata(current), "t")).toBe(current);
  });

  test("refuses every other change, naming the column", () => {
    const current = struct([
      field("a", "long"),
      field("s", struct([field("x", "long"), field("y", "string")])),
      { ...field("n", "long"), nullable: false },
    ]);
    const [a, s, n] = current.fields as [StructField, StructField, StructField];
    const bad: readonly (readonly [readonly StructField[], RegExp])[] = [
      [[a, s], /column n: a column cannot be dropped/],
      [[field("a", "string"), s, n], /column a: its type is long and cannot become string/],
      [[a, field("s", "long"), n], /column s: its type is struct/],
      [[a, field("s", struct([field("y", "string"), field("x", "long")])), n], /column s\.x: .* keep their order/],
      [[a, field("s", struct([field("x", "long")])), n], /column s\.y: a column cannot be dropped/],
      [[a, s, n, { ...field("m", "long"), nullable: false }], /column m: .* NOT NULL/],
      [[{ ...a, nullable: false }, s, n], /column a: .* NOT NULL/],
      [[a, s, n, field("A", "long")], /column A: it is there twice/],
    ];
    for (const [fields, message] of bad) expect(() => addColumns(current, struct(fields), "t")).toThrow(message);
    expect(addColumns(current, struct([a, s, field("n", "long")]), "t").fields[2]?.nullable).toBe(false);
  });

  test("gives the wanted columns, whichever they are", () => {
    fc.assert(
      fc.property(schemas, names, (current, name) => {
        const isThere = current.fields.some((one) => one.name === name);
        const wanted = isThere ? current : struct([...current.fields, field(name, "date")]);
        expect(serializeSchema(addColumns(current, wanted, "t"))).toBe(serializeSchema(wanted));
      }),
    );
  });
});

function withType(type: string): string {
  return `{"type":"struct","fields":[{"name":"s","type":{"type":"struct","fields":[{"name":"x","type":${type}}]}}]}`;
}

/** Ids by path. */
function idsIn(fields: readonly FieldIds[], above: readonly string[] = []): Map<string, number> {
  const ids = new Map<string, number>();
  for (const one of fields) {
    const path = [...above, one.name];
    ids.set(path.join("."), one.id ?? Number.NaN);
    for (const [inner, id] of idsIn(one.children, path)) ids.set(inner, id);
  }
  return ids;
}

function withoutMetadata(schema: StructType): StructType {
  return struct(schema.fields.map((one) => ({ ...one, metadata: {} })));
}

function unmapped(schema: StructType, partitionColumns: readonly string[]): Parameters<typeof checkSchema>[0] {
  return { schema, partitionColumns, configuration: {} };
}
