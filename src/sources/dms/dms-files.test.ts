import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DmsBench, bySequence, type DmsBucket } from "../../../test/sources/dms-bench.ts";
import type { Row } from "../../engine/index.ts";
import type { DmsFilesOptions } from "./options.ts";

let bench: DmsBench;
beforeAll(async () => {
  bench = await DmsBench.open();
});
afterAll(async () => await bench[Symbol.asyncDispose]());

const FOLDER = "shop/orders";
const COLUMNS = ["id", "status", "amount"];

/** The columns of rows, in the order of their sequences. */
function shown(rows: readonly Row[], ...columns: readonly string[]): unknown[][] {
  const sorted = rows.toSorted(bySequence);
  return sorted.map((row) => columns.map((name) => row[name] ?? null));
}

function withSettings(settings: Partial<DmsFilesOptions["settings"]>): Partial<DmsFilesOptions> {
  return { settings: settings as DmsFilesOptions["settings"] };
}

async function taken(bucket: DmsBucket, ...columns: readonly string[]): Promise<unknown[][]> {
  const { rows, unreadable, plan } = await bucket.run();
  expect(unreadable).toEqual([]);
  expect(plan.problem).toBeUndefined();
  return shown(rows, ...columns);
}

describe("files of CSV", () => {
  test("keep every text as it is: quotation marks, line breaks, NULL and what looks like it, numbers, other alphabets", async () => {
    const bucket = bench.bucket({ columns: COLUMNS });
    await bucket.put(
      `${FOLDER}/LOAD00000001.csv.gz`,
      'a,"two\nlines, ""quoted""",007\nb,"NULL",1.50\nc,NULL,\nd, ü🙂 ,1e3\n"x|y%",",",+1\n',
    );
    expect(await taken(bucket, "_op", "_key", "status", "amount")).toEqual([
      ["R", "S:a", 'two\nlines, "quoted"', "007"],
      ["R", "S:b", "NULL", "1.50"],
      ["R", "S:c", null, ""],
      ["R", "S:d", " ü🙂 ", "1e3"],
      ["R", "S:x%7Cy%25", ",", "+1"],
    ]);
  });

  test("may have headers, each file its own: columns come, go and change their places", async () => {
    const bucket = bench.bucket(withSettings({ addColumnName: true, timestampColumnName: "ts" }));
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, "ts,id,status\n2026-01-01 00:00:00.000000,1,new\n");
    await bucket.put(`${FOLDER}/20260101-000001000.csv`, "Op,ts,note,id\nU,2026-01-01 00:00:01.5,hello,1\n");
    await bucket.put(`${FOLDER}/20260101-000002000.csv`, "Op,ts,id,status\n");
    expect(await taken(bucket, "_op", "_key", "status", "note", "_source_ts")).toEqual([
      ["R", "S:1", "new", null, 1_767_225_600_000_000n],
      ["U", "S:1", null, "hello", 1_767_225_601_500_000n],
    ]);
  });

  test("may have other delimiters, other NULLs, and no quoting", async () => {
    const bucket = bench.bucket({
      columns: COLUMNS,
      ...withSettings({ csvDelimiter: "¬", csvRowDelimiter: "\r\n", csvNullValue: "", rfc4180: false }),
    });
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, '1¬"new"¬\r\n2¬NULL¬3\r\n');
    expect(await taken(bucket, "_key", "status", "amount")).toEqual([
      ["S:1", '"new"', null],
      ["S:2", "NULL", "3"],
    ]);
  });

  test("of a load may carry I, changes without an operation are what the endpoint writes alone", async () => {
    const plain = bench.bucket({ columns: COLUMNS });
    await plain.put(`${FOLDER}/LOAD00000001.csv`, "I,1,new,1\n");
    expect(await taken(plain, "_op", "_key")).toEqual([["R", "S:1"]]);
    const inserts = bench.bucket({ columns: COLUMNS, ...withSettings({ withoutDeletes: "I" }) });
    await inserts.put(`${FOLDER}/20260101-000001000.csv`, "1,new,1\nI,2,new,1\n");
    expect(await taken(inserts, "_op", "_key")).toEqual([
      ["I", "S:1"],
      ["I", "S:2"],
    ]);
  });

  test("type columns as hints say, exactly or not at all: then the text is rescued", async () => {
    const hints = [
      { name: "amount", type: "decimal(10,2)" },
      { name: "id", type: "long" },
    ] as const;
    const bucket = bench.bucket({ columns: COLUMNS, hints });
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, "1,a,12.50\n02,b,12.505\n3.0,c,NULL\nx,d,1\n");
    expect(await taken(bucket, "_key", "id", "amount", "_rescued")).toEqual([
      ["N:1", 1n, "12.50", null],
      ["N:2", 2n, null, '{"amount":{"S":"12.505"}}'],
      ["N:3", 3n, null, null],
      ["S:x", null, "1.00", '{"id":{"S":"x"}}'],
    ]);
  });

  test("rescue what has no column of its own: our names, and names that differ in case", async () => {
    const bucket = bench.bucket({ columns: ["id", "_op", "ID", "status"], columnsMax: 1 });
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, '1,z,"a ""b""",NULL\n');
    expect(await taken(bucket, "_op", "_key", "id", "_rescued")).toEqual([
      ["R", "S:1", "1", '{"_op":{"S":"z"},"ID":{"S":"a \\"b\\""}}'],
    ]);
  });

  test("rescue columns whose names no table can have; a key may be one of them", async () => {
    const bucket = bench.bucket({ keys: ["Order Id"], ...withSettings({ addColumnName: true }) });
    const names = ['"Order Id"', '"a ""b"""', "", "x=1", "fine"];
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, `${names.join(",")}\n7,1,NULL,3,4\n`);
    expect(await taken(bucket, "_key", "fine", "_rescued")).toEqual([
      ["S:7", "4", '{"Order Id":{"S":"7"},"a \\"b\\"":{"S":"1"},"x=1":{"S":"3"}}'],
    ]);
  });

  test("of MongoDB in document mode keep the document as its text", async () => {
    const bucket = bench.bucket({ keys: ["_id"], columns: ["_id", "_doc"] });
    await bucket.put(`${FOLDER}/20260101-000001000.csv`, 'I,5f,"{""_id"": ""5f"", ""n"": 12345678901234567890}"\n');
    expect(await taken(bucket, "_key", "_doc")).toEqual([["S:5f", '{"_id": "5f", "n": 12345678901234567890}']]);
  });
});

describe("a Bronze row", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.constantFrom("", "NULL", '"', '""', ",", "\n", "\r\n", "a|b%", "\\N", " x ", "1e400", "_key"),
  );
  const fields = fc.tuple(text, fc.option(text), fc.option(text), fc.option(text));

  test("gives back the record that it was made from, whatever is in it and whatever column has no place", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fields, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 2, max: 4 }),
        async (records, columnsMax) => {
          const bucket = bench.bucket({ columns: ["id", "status", "_sequence", "Status"], columnsMax });
          const lines = records.map((values) => `U,${lineOf(values.map((value) => value?.toWellFormed() ?? null))}`);
          await bucket.put(`${FOLDER}/20260101-000001000.csv`, lines.map((one) => `${one}\n`).join(""));
          const { rows, schema, unreadable } = await bucket.run();
          expect(unreadable).toEqual([]);
          if (schema === undefined) throw new Error("there is a schema");
          const rebuilt = rows.toSorted(bySequence).map((row) => bucket.source.rebuild(row, schema));
          expect(rebuilt).toEqual(lines);
        },
      ),
      { numRuns: process.env["SLUICE_NIGHTLY"] === "true" ? 300 : 12 },
    );
  });
});

function lineOf(values: readonly (string | null)[]): string {
  return values.map((value) => (value === null ? "NULL" : quoted(value))).join(",");
}

/** As DMS does, and a text like NULL besides. */
function quoted(value: string): string {
  return value === "NULL" || /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

describe("the order of changes", () => {
  const TIMED = { columns: ["id", "status", "ts"], ...withSettings({ timestampColumnName: "ts" }) };

  test("is that of commit times, then of files and rows, whatever comes first", async () => {
    const bucket = bench.bucket(TIMED);
    await bucket.put(`${FOLDER}/2026/01/01/20260101-000003000.csv`, "U,1,third,2026-01-01 00:00:01.000000\n");
    await bucket.run();
    await bucket.put(`${FOLDER}/2026/01/01/20260101-000002000.csv`, "U,1,first,2026-01-01 00:00:01.000000\nU,1,second,2026-01-01 00:00:01.000000\nU,1,last,2026-01-01 00:00:02.000000\n"); // prettier-ignore
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, "1,load,2026-01-02 00:00:00.000000\n");
    const late = await bucket.run();
    const order = shown(late.rows, "status", "_op").map(([status]) => status);
    expect(order).toEqual(["load", "first", "second", "last"]);
    const sequences = shown(late.rows, "_sequence").map(([sequence]) => sequence);
    const third = "0000-0001767225601000000-3-20260101000003";
    expect(sequences.filter((sequence) => String(sequence) < third)).toHaveLength(3);
  });

  test("is the source's own where it is told, and then an event that is delivered again is the same event", async () => {
    const bucket = bench.bucket({ ...TIMED, columns: ["id", "status", "ts", "seq"], sequenceColumn: "seq" });
    const line = "U,1,paid,2026-01-01 00:00:01.000000,20260101000001000000000000000000017\n";
    await bucket.put(`${FOLDER}/20260101-000002000.csv`, line);
    await bucket.put(`${FOLDER}/20260101-000005000.csv`, line);
    const rows = await taken(bucket, "_event_id", "_sequence");
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual(rows[1]);
    expect(rows[0]?.[0]).toBe("cdc/20260101000001000000000000000000017/S:1");
  });

  test("without commit times is that of the files' names", async () => {
    const bucket = bench.bucket({ columns: ["id", "status"] });
    await bucket.put(`${FOLDER}/20260101-000002000.csv`, "U,1,second\n");
    await bucket.put(`${FOLDER}/20260101-000001000.csv`, "I,1,first\n");
    expect(await taken(bucket, "status", "_source_ts")).toEqual([
      ["first", 1_767_225_601_000_000n],
      ["second", 1_767_225_602_000_000n],
    ]);
  });
});

describe("an update of the key", () => {
  test("takes the row under the old key away, where the task tells what the key was", async () => {
    const options = { columns: ["id", "status", "BI_id"], beforeImagePrefix: "BI_" };
    const bucket = bench.bucket(options);
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, "1,new,NULL\n");
    await bucket.put(`${FOLDER}/20260101-000001000.csv`, "U,1,paid,1\nU,3,sent,1\nI,4,new,NULL\nU,4,paid,NULL\n");
    const { rows, schema } = await bucket.run();
    expect(shown(rows, "_op", "_key", "status")).toEqual([
      ["R", "S:1", "new"],
      ["U", "S:1", "paid"],
      ["D", "S:1", null],
      ["U", "S:3", "sent"],
      ["I", "S:4", "new"],
      ["U", "S:4", "paid"],
    ]);
    const end = rows.find((row) => row["_op"] === "D");
    expect(end).toMatchObject({
      _event_id: `cdc/${FOLDER}/20260101-000001000.csv#2/D`,
      _source_meta: '{"row":2,"movedTo":"S:3"}',
    });
    if (schema === undefined || end === undefined) throw new Error("there is a delete");
    expect(bucket.source.rebuild(end, schema)).toBe("");
  });

  test("of several columns may tell only those that have changed", async () => {
    const bucket = bench.bucket({ keys: ["a", "b"], columns: ["a", "b", "was_a", "was_b"], beforeImagePrefix: "was_" });
    await bucket.put(`${FOLDER}/20260101-000001000.csv`, "U,1,2,NULL,7\n");
    expect(await taken(bucket, "_op", "_key")).toEqual([
      ["U", "S:1|S:2"],
      ["D", "S:1|S:7"],
    ]);
  });
});

describe("transaction files", () => {
  test("hold several tables: only the table's own records are taken", async () => {
    const bucket = bench.bucket({ columns: ["id", "status"], ...withSettings({ cdcPath: "cdc/changes" }) });
    await bucket.put(`${FOLDER}/LOAD00000001.csv`, "1,new\n");
    await bucket.put(
      "cdc/changes/CDC_TXN-20260101000001000.csv",
      'U,orders,shop,1,paid\nI,lines,shop,7,x,y,z\nD,orders,other,1,paid\nI,orders,shop,2,"a\nb"\n',
    );
    expect(await taken(bucket, "_op", "_key", "status", "_ingest_file")).toEqual([
      ["R", "S:1", "new", `${FOLDER}/LOAD00000001.csv`],
      ["U", "S:1", "paid", "cdc/changes/CDC_TXN-20260101000001000.csv"],
      ["I", "S:2", "a\nb", "cdc/changes/CDC_TXN-20260101000001000.csv"],
    ]);
  });
});

describe("records that are no changes", () => {
  test("are told with their bytes and places; the others go in", async () => {
    const bucket = bench.bucket({ columns: ["id", "ts"], ...withSettings({ timestampColumnName: "ts" }) });
    const good = "I,1,2026-01-01 00:00:00.000000";
    const bad = ["X,2,2026-01-01 00:00:00.000000", "I,NULL,2026-01-01 00:00:00", "I,3,yesterday", "I,4", 'I,"5"5,x'];
    await bucket.put(`${FOLDER}/20260101-000001000.csv`, `${[good, ...bad, good].join("\n")}\n`);
    const { rows, unreadable } = await bucket.run();
    expect(shown(rows, "_source_meta")).toEqual([['{"row":1,"op":"I"}'], ['{"row":7,"op":"I"}']]);
    const told = unreadable.toSorted((left, right) => left.line - right.line);
    expect(told.map(({ line, reason, raw }) => [line, reason, Buffer.from(raw, "base64").toString()])).toEqual([
      [2, "the operation is none of I, U and D: X", bad[0]],
      [3, 'the key column "id" is NULL', bad[1]],
      [4, 'the column "ts" is no time as DMS writes it: yesterday', bad[2]],
      [5, "it has 2 fields where 3 are expected", bad[3]],
      [6, "text follows the closing quotation mark of a field", bad[4]],
    ]);
    expect(told.map(({ byteOffset }) => byteOffset)).toEqual([31, 62, 89, 103, 107]);
  });
});

describe("a folder", () => {
  test("has other files, too: hidden and unfinished ones are nothing, others are told", async () => {
    const bucket = bench.bucket({ columns: COLUMNS });
    for (const name of [".hidden.csv", "_SUCCESS", "LOAD00000002.csv.tmp", ".spark/LOAD00000001.csv"]) {
      await bucket.put(`${FOLDER}/${name}`, "1,a,b\n");
    }
    await bucket.put(`${FOLDER}/notes.csv`, "x\n");
    await bucket.put("shop/orders_old/LOAD00000001.csv", "9,a,b\n");
    await bucket.put(`${FOLDER}/p1/SEGMENT2_LOAD0000000A.csv`, "1,a,b\n");
    const { plan, rows } = await bucket.run();
    expect(shown(rows, "_ingest_file")).toEqual([[`${FOLDER}/p1/SEGMENT2_LOAD0000000A.csv`]]);
    expect(plan.skipped).toEqual([{ what: `${FOLDER}/notes.csv`, why: "AWS DMS names no data file so" }]);
  });

  test("without a file of the table is told", async () => {
    const { plan } = await bench.bucket({ columns: COLUMNS }).run();
    expect(plan.problem?.code).toBe("source.missing");
  });
});
