import { describe, expect, test } from "vitest";
import { lakeOf, problemsOf } from "../../test/untyped-lake.ts";
import { bronze, defineLake, dms, resolveLake } from "./index.ts";

const OPTIONS = { folder: "./raw", schema: "shop", table: "orders", keys: ["id"], columns: ["id", "status"] };

function problems(options: Readonly<Record<string, unknown>>): readonly string[] {
  const source = dms({ ...OPTIONS, ...options });
  return problemsOf(lakeOf(bronze("orders", { source }))).map((one) => one.replace("tables.bronze.orders.source.", ""));
}

describe("a source of AWS DMS files", () => {
  test("gets every default filled in", () => {
    const lake = defineLake({ name: "x", storage: "./lake", tables: [bronze("orders", { source: dms(OPTIONS) })] });
    const [table] = resolveLake(lake, { folder: "/here" }).tables;
    expect(table).toMatchObject({
      source: {
        ...OPTIONS,
        kind: "dms",
        folder: "/here/raw",
        settings: {
          addColumnName: false,
          csvDelimiter: ",",
          csvRowDelimiter: "\n",
          csvNullValue: "NULL",
          rfc4180: true,
        },
      },
    });
  });

  test("takes the endpoint's settings as its interfaces show them", () => {
    const settings = {
      ServiceAccessRoleArn: "arn:aws:iam::123456789012:role/dms",
      BucketName: "shop-dms",
      CompressionType: "GZIP",
      CsvDelimiter: "\\t",
      CsvRowDelimiter: "\\r\\n",
      CsvNullValue: "",
      PreserveTransactions: true,
      CdcPath: "/changes/all/",
      CdcInsertsAndUpdates: true,
    };
    const lake = defineLake({
      name: "x",
      storage: "./lake",
      tables: [bronze("orders", { source: dms({ ...OPTIONS, settings }) })],
    });
    const [table] = resolveLake(lake, { folder: "/here" }).tables;
    expect(table).toMatchObject({
      source: {
        settings: {
          csvDelimiter: "\t",
          csvRowDelimiter: "\r\n",
          csvNullValue: "",
          cdcPath: "changes/all",
          withoutDeletes: "U",
        },
      },
    });
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a known option", { tabel: "orders" }, 'tabel: expected a known field, got "tabel"; did you mean "table"?'],
    [
      "a schema that is one folder",
      { schema: "a/b" },
      `schema: expected the schema's name, which is one folder, got "a/b"`,
    ],
    ["keys", { keys: [] }, `keys: expected the primary key's columns, such as ["id"], got a list of 0`],
    ["keys that are columns", { keys: ["no"] }, 'keys[0]: expected one of `columns`, got "no"'],
    [
      "columns without one twice",
      { columns: ["id", "id"] },
      `columns: expected the columns in their order, such as ["id", "name"], got "id" twice`,
    ],
    [
      "columns where there is no header",
      { columns: undefined },
      "columns: expected the columns in their order: the files have no header, got nothing",
    ],
    [
      "a sequence column that is there",
      { sequenceColumn: "seq" },
      'sequenceColumn: expected one of `columns`, got "seq"',
    ],
    [
      "before images of the keys",
      { beforeImagePrefix: "BI_" },
      'beforeImagePrefix: expected the prefix of one of `columns` for each key, got "BI_", and no "BI_id"',
    ],
    [
      "the timestamp column's place",
      { settings: { TimestampColumnName: "ts" } },
      'columns: expected the columns as they stand in the files, with "ts" in its place, got columns without it',
    ],
    [
      "a setting's own spelling",
      { settings: { AddColumName: true } },
      'settings.AddColumName: expected a known field, got "AddColumName"; did you mean "AddColumnName"?',
    ],
    [
      "the folder of transactions",
      { settings: { PreserveTransactions: true } },
      "settings.CdcPath: expected the folder of transaction files below the bucket folder, got nothing",
    ],
    [
      "two delimiters",
      { settings: { CsvDelimiter: "\n" } },
      "settings.CsvDelimiter: expected another text than between rows, got the same",
    ],
    [
      "one of two restrictions",
      { settings: { CdcInsertsOnly: true, CdcInsertsAndUpdates: true } },
      "settings.CdcInsertsAndUpdates: expected false where CdcInsertsOnly is true, got true",
    ],
  ])("needs %s", (_what, options, problem) => {
    expect(problems(options)).toEqual([problem]);
  });
});
