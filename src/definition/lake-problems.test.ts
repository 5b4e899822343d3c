import { describe, expect, test } from "vitest";
import { customers, lakeOf, orderSource, orders, problemsOf, problemsWith, untyped } from "../../test/untyped-lake.ts";
import { bronze, resolveLake } from "./index.ts";

describe("the lake", () => {
  test.each<[string, object, string[]]>([
    [
      "a name",
      { name: undefined },
      ["name: expected a name of a-z, 0-9 and _ that begins with a letter (at most 100), got nothing"],
    ],
    [
      "a name that is one",
      { name: "My Shop" },
      [
        'name: expected a name of a-z, 0-9 and _ that begins with a letter (at most 100), got "My Shop"; "my_shop" would do',
      ],
    ],
    ["a storage", { storage: undefined }, ["storage: expected a folder, or one for each layer, got nothing"]],
    ["a folder", { storage: 7 }, ["storage: expected a folder, or one for each layer, got 7"]],
    [
      "a folder of this machine or a place in S3",
      { storage: "gs://lake/" },
      [
        'storage: expected a folder of this machine, got "gs://lake/"; of object stores S3 alone is known, as s3://bucket/prefix',
      ],
    ],
    [
      "a bucket, and no credentials in a URL",
      { storage: "s3://key:secret@lake/" },
      ["storage: expected s3://bucket/prefix, got another text; it has no valid bucket name"],
    ],
    [
      "an encrypted endpoint",
      { storage: { url: "s3://lake/shop", endpoint: "http://minio:9000" } },
      [
        "storage.endpoint: expected a URL such as https://minio.example.com, got another text; it is not encrypted: use https, or say `insecure: true` where nobody can listen",
      ],
    ],
    [
      "known options of S3",
      { storage: { url: "s3://lake/shop", regoin: "x", bucketOwner: "me", tags: { a: 1 }, pathStyle: "yes" } },
      [
        'storage.regoin: expected a known field, got "regoin"; did you mean "region"?',
        'storage.bucketOwner: expected an AWS account\'s twelve digits, as a text, got "me"',
        "storage.tags.a: expected a text, got 1",
        'storage.pathStyle: expected true or false, got "yes"',
      ],
    ],
    [
      "a place in S3 for each layer",
      {
        storage: {
          bronze: "s3://l/a",
          silver: { url: "s3a://lake/a/" },
          gold: "s3://lake/a",
          quarantine: "q",
          system: "y",
        },
      },
      [
        "storage.bronze: expected s3://bucket/prefix, got another text; it has no valid bucket name",
        "storage.gold: expected a folder for each layer, got that of silver",
      ],
    ],
    [
      "a folder that Node can find",
      { storage: "~/lake" },
      ['storage: expected a folder, got "~/lake"; `~` is not expanded: use os.homedir()'],
    ],
    [
      "every layer's folder",
      { storage: { bronze: "a", silver: "b", gold: "c", system: "d" } },
      ["storage.quarantine: expected a folder, got nothing"],
    ],
    [
      "a folder for each layer",
      { storage: { bronze: "a", silver: "./a", gold: "c", quarantine: "e", system: "d" } },
      ["storage.silver: expected a folder for each layer, got that of bronze"],
    ],
    ["known fields", { storag: "x" }, ['storag: expected a known field, got "storag"; did you mean "storage"?']],
    [
      "known fields, whatever they are called",
      { "a b": 1 },
      ['["a b"]: expected a known field, got "a b"; known fields: name, storage, engine, tables'],
    ],
    [
      "a size",
      { engine: { memory: "2 gigs" } },
      ['engine.memory: expected a size of at least 64 MB, such as "2GB", or its bytes, got "2 gigs"'],
    ],
    [
      "a size that is no slip",
      { engine: { memory: 4 } },
      ['engine.memory: expected a size of at least 64 MB, such as "2GB", or its bytes, got 4'],
    ],
    ["threads", { engine: { threads: 0 } }, ["engine.threads: expected a number of threads from 1 to 1024, got 0"]],
    [
      "whole threads",
      { engine: { threads: 1.5 } },
      ["engine.threads: expected a number of threads from 1 to 1024, got 1.5"],
    ],
    [
      "a way to httpfs",
      { engine: { httpfs: "always" } },
      ['engine.httpfs: expected `auto`, `install`, `off` or a file that ends in .duckdb_extension, got "always"'],
    ],
    ["a spill folder", { engine: { spill: "" } }, ["engine.spill: expected a folder, got an empty text"]],
    ["engine settings", { engine: "fast" }, ['engine: expected an object, got "fast"']],
    ["tables", { tables: undefined }, ["tables: expected a list of tables, got nothing"]],
    ["at least one table", { tables: [] }, ["tables: expected at least one table, got an empty list"]],
    [
      "tables and nothing else",
      { tables: [orders, { name: "x" }, bronze] },
      [
        "tables[1]: expected a table made by bronze(), silver() or gold(), got an object",
        "tables[2]: expected a table made by bronze(), silver() or gold(), got a function",
      ],
    ],
    [
      "each table once",
      { tables: [orders, orders] },
      ["tables.bronze.orders: expected each table once, got it again at tables[1]"],
    ],
    [
      "names of their own",
      { tables: [orders, bronze("orders", { source: orderSource })] },
      ["tables.bronze.orders: expected a name of its own, got another table of that name at tables[1]"],
    ],
    [
      "names of tables",
      { tables: [bronze("Orders", { source: orderSource })] },
      [
        'tables[0].name: expected a name of a-z, 0-9 and _ that begins with a letter (at most 100), got "Orders"; "orders" would do',
      ],
    ],
  ])("has %s", (_title, fields, expected) => {
    expect(problemsWith.lake(fields)).toEqual(expected);
  });

  test("is made by defineLake", () => {
    expect(problemsOf(undefined)).toEqual([": expected defineLake({ … }) as the default export, got nothing"]);
    expect(problemsOf(orders)).toEqual([
      ": expected defineLake({ … }) as the default export, got the table bronze.orders",
    ]);
    expect(problemsOf(untyped.defineLake(null))).toEqual([": expected an object, got null"]);
  });

  test("may be limited by the environment, in sizes that are some", () => {
    const env = { SLUICE_MEMORY: "lots", SLUICE_THREADS: "two", SLUICE_HTTPFS: "yes" };
    const paths = ["env.SLUICE_MEMORY", "env.SLUICE_THREADS", "env.SLUICE_HTTPFS"];
    expect(() => resolveLake(lakeOf(orders), { folder: "/lake", env })).toThrow(
      expect.objectContaining({ problems: paths.map((path) => expect.objectContaining({ path })) }),
    );
  });
});

describe("all mistakes", () => {
  test("are told at once, each with its path, what was expected and what was there", () => {
    const lake = lakeOf(
      untyped.bronze("orders", { source: orderSource, unreadable: 2 }),
      untyped.silver("orders", {
        from: customers,
        keys: ["order_id"],
        columns: { order_id: "string" },
      }),
    );
    expect(() => resolveLake(lake, { folder: "/lake", file: "sluice.config.ts" })).toThrow(
      expect.objectContaining({
        code: "config.invalid",
        exitCode: 2,
        message: [
          "Cannot use sluice.config.ts: 3 problems",
          "tables.bronze.orders.unreadable: expected a share from 0 to 1 such as 0.02, got 2",
          "tables.silver.orders.from: expected a Bronze table, got the table silver.customers",
          'tables.silver.orders.columns.order_id: expected a column such as s.string(), got "string"; write s.string()',
        ].join("\n  "),
        problems: [
          expect.objectContaining({
            path: "tables.bronze.orders.unreadable",
            expected: "a share from 0 to 1 such as 0.02",
            got: "2",
          }),
          expect.objectContaining({ path: "tables.silver.orders.from" }),
          expect.objectContaining({ path: "tables.silver.orders.columns.order_id" }),
        ],
      }),
    );
  });
});
