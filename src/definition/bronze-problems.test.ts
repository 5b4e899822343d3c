import { describe, expect, test } from "vitest";
import { lakeOf, problemsOf, problemsWith, untyped } from "../../test/untyped-lake.ts";
import { s } from "./index.ts";

describe("a Bronze table", () => {
  test.each<[string, readonly string[], string[]]>([
    [
      "options",
      problemsOf(lakeOf(untyped.bronze("orders"))),
      ["tables.bronze.orders: expected an object, got nothing"],
    ],
    [
      "a source",
      problemsWith.bronze({ source: undefined }),
      ["tables.bronze.orders.source: expected a source such as dynamodb({ … }), got nothing"],
    ],
    [
      "a source that dynamodb() made",
      problemsWith.bronze({ source: { table: "orders" } }),
      ["tables.bronze.orders.source: expected a source such as dynamodb({ … }), got an object"],
    ],
    [
      "a table's name",
      problemsWith.source({ table: "" }),
      ["tables.bronze.orders.source.table: expected the DynamoDB table's name, got an empty text"],
    ],
    [
      "keys",
      problemsWith.source({ keys: "order_id" }),
      [
        'tables.bronze.orders.source.keys: expected the primary key attributes, one or two, such as ["order_id"], got "order_id"',
      ],
    ],
    [
      "one or two keys",
      problemsWith.source({ keys: ["a", "b", "c"] }),
      [
        'tables.bronze.orders.source.keys: expected the primary key attributes, one or two, such as ["order_id"], got a list of 3',
      ],
    ],
    [
      "two different keys",
      problemsWith.source({ keys: ["a", "a"] }),
      [
        'tables.bronze.orders.source.keys: expected the primary key attributes, one or two, such as ["order_id"], got "a" twice',
      ],
    ],
    [
      "keys that are names",
      problemsWith.source({ keys: ["a", 1] }),
      ["tables.bronze.orders.source.keys[1]: expected an attribute's name, got 1"],
    ],
    [
      "exports on this machine or in S3",
      problemsWith.source({ export: "https://raw.example.com/orders/" }),
      [
        'tables.bronze.orders.source.export: expected a folder of this machine, got "https://raw.example.com/orders/"; of object stores S3 alone is known, as s3://bucket/prefix',
      ],
    ],
    [
      "a TTL attribute that is no key",
      problemsWith.source({ ttl: "order_id" }),
      ['tables.bronze.orders.source.ttl: expected an attribute that is no key, got "order_id"'],
    ],
    [
      "one snapshot",
      problemsWith.source({ scan: { segments: 4 } }),
      ["tables.bronze.orders.source.scan: expected one snapshot: `export` or `scan`, got both"],
    ],
    [
      "a snapshot beside a stream",
      problemsWith.source({ export: undefined, stream: true }),
      [
        "tables.bronze.orders.source.export: expected the place of the table's exports, or `scan: true`, got neither; a stream brings what changes within a day, not what was there before",
      ],
    ],
    [
      "a scan that can be followed",
      problemsWith.source({ export: undefined, scan: { segments: 0, readCapacity: 1.5, every: "soon", speed: 1 } }),
      [
        'tables.bronze.orders.source.scan.speed: expected a known field, got "speed"; known fields: readCapacity, raiseTo, segments, every',
        'tables.bronze.orders.source.scan.readCapacity: expected a share such as "25%", or read units a second from 1 to 1000000, got 1.5',
        "tables.bronze.orders.source.scan.segments: expected a number of segments from 1 to 1000, got 0",
        'tables.bronze.orders.source.scan.every: expected a time such as "6 hours", got "soon"',
      ],
    ],
    [
      "no second scan beside a stream",
      problemsWith.source({ export: undefined, stream: true, scan: { every: "1 day" } }),
      [
        "tables.bronze.orders.source.scan.every: expected nothing here, got a time; with a stream the table needs no second scan",
      ],
    ],
    [
      "an endpoint that is a URL",
      problemsWith.source({ endpoint: "dynamo" }),
      ['tables.bronze.orders.source.endpoint: expected the URL of a server, got "dynamo"; it is no URL'],
    ],
    [
      "a flag",
      problemsWith.source({ requireFullExport: "no" }),
      ['tables.bronze.orders.source.requireFullExport: expected true or false, got "no"'],
    ],
    [
      "known fields of a source",
      problemsWith.source({ exports: "./raw" }),
      ['tables.bronze.orders.source.exports: expected a known field, got "exports"; did you mean "export"?'],
    ],
    [
      "a share of unreadable lines",
      problemsWith.bronze({ unreadable: 5 }),
      ["tables.bronze.orders.unreadable: expected a share from 0 to 1 such as 0.02, got 5"],
    ],
    [
      "hints without an origin",
      problemsWith.bronze({ columns: { a: s.long().from("b") } }),
      [
        "tables.bronze.orders.columns.a: expected a column without an origin: a Bronze column is the attribute of its name, got from()",
      ],
    ],
    [
      "hints on names of its own",
      problemsWith.bronze({ columns: { _KEY: s.long() } }),
      [
        'tables.bronze.orders.columns._KEY: expected another name for the column, got "_KEY", which is a name of Sluice\'s own',
      ],
    ],
    [
      "meaning in texts",
      problemsWith.bronze({ description: 1, owner: "", domain: "A B", tags: { a: 1 }, properties: ["x"] }),
      [
        "tables.bronze.orders.description: expected a text, got 1",
        "tables.bronze.orders.owner: expected a text, got an empty text",
        'tables.bronze.orders.domain: expected a name of a-z, 0-9 and _ that begins with a letter (at most 100), got "A B"; "a_b" would do',
        "tables.bronze.orders.tags.a: expected a text, got 1",
        "tables.bronze.orders.properties: expected texts by name, got a list of 1",
      ],
    ],
    [
      "a compaction that can be",
      problemsWith.bronze({ autoCompact: { minFiles: 1, fileSize: "64 bytes", perRun: 12, files: 3 } }),
      [
        "tables.bronze.orders.autoCompact.minFiles: expected a number of files from 2 to 10000, got 1",
        'tables.bronze.orders.autoCompact.fileSize: expected a size of at least 1 MiB, such as "64MB", or its bytes, got "64 bytes"',
        'tables.bronze.orders.autoCompact.perRun: expected a size of at least 1 MiB, such as "64MB", or its bytes, got 12',
        'tables.bronze.orders.autoCompact.files: expected a known field, got "files"; known fields: minFiles, fileSize, perRun',
      ],
    ],
    [
      "a compaction or none",
      problemsWith.bronze({ autoCompact: true }),
      ["tables.bronze.orders.autoCompact: expected false or an object such as { minFiles: 20 }, got true"],
    ],
  ])("has %s", (_title, problems, expected) => {
    expect([...problems].toSorted()).toEqual(expected.toSorted());
  });
});

describe("columns", () => {
  test.each<[string, object, string[]]>([
    ["made by s", { a: "string" }, ['a: expected a column such as s.string(), got "string"; write s.string()']],
    [
      "of a type that there is",
      { a: "strnig" },
      ['a: expected a column such as s.string(), got "strnig"; did you mean s.string()?'],
    ],
    [
      "called",
      { a: s.string },
      ["a: expected a column such as s.string(), got a function; did you forget the parentheses, as in s.string()?"],
    ],
    ["of a precision", { a: s.decimal(39, 2) }, ["a: expected a precision from 1 to 38, got 39"]],
    ["of a scale within the precision", { a: s.decimal(5, 6) }, ["a: expected a scale from 0 to 5, got 6"]],
    [
      "of both",
      { a: untyped.decimal() },
      ["a: expected a precision from 1 to 38, got nothing", "a: expected a scale from 0 to 38, got nothing"],
    ],
    ["of elements", { a: untyped.array("string") }, ['a.array: expected a column such as s.string(), got "string"']],
    ["of fields", { a: s.struct({}) }, ["a.struct: expected at least one field, got none"]],
    [
      "of fields with usable names",
      { a: s.struct({ "b c": s.string() }) },
      ['a.struct["b c"]: expected another name for the field, got "b c", which Delta does not allow'],
    ],
    [
      "of fields without an origin",
      { a: s.struct({ b: s.string().from("c") }) },
      ["a.struct.b: expected an origin on the outermost column only, got from()"],
    ],
    [
      "of fields told apart by more than case",
      { a: s.struct({ b: s.string(), B: s.string() }) },
      ["a.struct: expected names that differ in more than case, got two that do not"],
    ],
    [
      "of plain keys",
      { a: s.map(s.array(s.string()), s.string()) },
      ["a.map.key: expected a key of a plain type, got the type array"],
    ],
    [
      "told apart by more than case",
      { Amount: s.long(), amount: s.long() },
      ['amount: expected names that differ in more than case, got "Amount" and "amount"'],
    ],
    [
      "not of the contract",
      { _Sequence: s.string() },
      ['_Sequence: expected another name for the column, got "_Sequence", which is a name of Sluice\'s own'],
    ],
    [
      "not Silver's own",
      { _is_deleted: s.boolean() },
      ['_is_deleted: expected another name for the column, got "_is_deleted", which is a name of Sluice\'s own'],
    ],
    [
      "of names that Delta allows",
      { "a b": s.string() },
      ['tables.silver.orders.columns["a b"]: expected another name for the column, got "a b" with the character " "'],
    ],
    [
      "from one place",
      { a: s.string().from("b").sql("c") },
      ["a: expected one of from(), sql() and joined(), got 2 of them"],
    ],
    [
      "from a path",
      { a: s.string().from("b..c"), b: s.string().from([]) },
      [
        'a.from: expected an attribute by path, such as "product.code", got "b..c"',
        'b.from: expected an attribute by path, such as "product.code", got a list of 0',
      ],
    ],
    ["described in texts", { a: untyped.describe(7) }, ["a.describe: expected a text, got 7"]],
    ["tagged in texts", { a: untyped.tag("x") }, ["a.tag.x: expected a text, got nothing"]],
    [
      "computed from attributes only",
      { a: s.long().sql("b + 1"), b: s.long().sql("amount") },
      ['a.sql: expected SQL over columns that come from attributes, got "b", which has SQL of its own'],
    ],
    [
      "joined under a name that there is",
      { a: s.string().joined("customer.segment") },
      ['a.joined: expected a name under `join`, got "customer"'],
    ],
  ])("are %s", (_title, columns, expected) => {
    expect(problemsWith.columns(columns)).toEqual(expected);
  });

  test("may be named like a type that their own SQL casts to", () => {
    expect(problemsWith.columns({ placed_at: s.timestamp(), date: s.date().sql("cast(placed_at as date)") })).toEqual(
      [],
    );
    expect(
      problemsWith.columns({
        placed_at: s.timestamp(),
        date: s.date().sql("placed_at::date"),
        day: s.integer().sql("extract(day from placed_at)"),
      }),
    ).toEqual([]);
  });
});
