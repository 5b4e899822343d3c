import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ExportBench } from "../../../test/sources/stage-lines.ts";
import type { UnreadableLine } from "../index.ts";

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function unreadable(lines: readonly string[], kind: "full" | "window" = "full") {
  const contents =
    kind === "full"
      ? { full: "2024-01-01T00:00:00Z", items: lines }
      : { from: "2024-01-01T00:00:00Z", to: "2024-01-02T00:00:00Z", events: lines };
  bench.add(contents);
  const run = await bench.run(bench.source({ requireFullExport: kind === "full" }));
  const records = run.rows.filter((row) => row["_op"] !== "T");
  return { run, records, found: run.batches.flatMap((batch) => batch.unreadable) };
}

const good = (key: string): string => `{"Item":{"id":{"S":"${key}"},"n":{"N":"1"}}}`;
const time = '"Metadata":{"WriteTimestampMicros":{"N":"1704067200000000"}}';

describe("a line that is no record (F52)", () => {
  test.each([
    ["not json", "Invalid JSON at offset 0: a value expected"],
    ['{"Item":{"id":{"S":"a"}}', "Invalid JSON at offset 24: '}' expected"],
    ['{"Item":{"id":{"S":"a"}}} trailing', "Invalid JSON at offset 26: text after the value"],
    ['{"Item":{"id":{"S":"a"},"x":{"S":"1"},"x":{"S":"2"}}}', 'Invalid JSON at offset 41: duplicate name "x"'],
    ['{"Item":{"id":{"S":"a"},"x":{"M":{"y":{"S":"1"},"\\u0079":{"S":"2"}}}}}', 'Invalid JSON at offset 56: duplicate name "y"'], // prettier-ignore
    ['{"Item":{"id":{"S":"a\tb"}}}', "Invalid JSON at offset 19: a malformed string"],
    ['{"Item":{"id":{"S":"\\ud83"}}}', "Invalid JSON at offset 19: a malformed string"],
    ["[]", "the line is no JSON object"],
    ["{}", "the line has no Item"],
    ['{"Item":[]}', "Item is no object"],
    ['{"Item":{"n":{"N":"1"}}}', 'no key attribute "id"'],
    ['{"Item":{"id":{"L":[]}}}', 'key attribute "id" is no key of type S, N or B'],
    ['{"Item":{"id":{"N":"12x"}}}', 'key attribute "id" is no key of type S, N or B'],
    ['{"Item":{"id":{"B":"QQ="}}}', 'key attribute "id" is no key of type S, N or B'],
    ['{"Item":{"id":{"S":"\\ud83d"}}}', 'key attribute "id" is no key of type S, N or B'],
    ['{"Item":{"id":{"S":"a"},"x":"plain"}}', 'attribute "x" of Item is no value of DynamoDB'],
    ['{"Item":{"id":{"S":"a"},"x":{"S":5}}}', 'attribute "x" of Item is no value of DynamoDB'],
    ['{"Item":{"id":{"S":"a"},"x":{"S":"1","N":"1"}}}', 'attribute "x" of Item is no value of DynamoDB'],
    ['{"Item":{"id":{"S":"a"},"x":{"NULL":false}}}', 'attribute "x" of Item is no value of DynamoDB'],
    ['{"Item":{"id":{"S":"a"},"x":{"Z":"1"}}}', 'attribute "x" of Item is no value of DynamoDB'],
    ['{"Item":{"id":{"S":"a"},"x":{"L":[{"S":"1"},null]}}}', 'attribute "x" of Item is no value of DynamoDB'],
  ])("%s is told by its reason", async (line, reason) => {
    const { found, records, run } = await unreadable([good("before"), line, good("after")]);
    expect(found).toEqual([
      {
        file: run.plan.batches[0]?.files[0]?.path ?? "",
        line: 2,
        byteOffset: good("before").length + 1,
        reason,
        raw: Buffer.from(line).toString("base64"),
        sizeBytes: Buffer.byteLength(line),
      } satisfies UnreadableLine,
    ]);
    expect(new Set(records.map((row) => row["_key"]))).toEqual(new Set(["S:before", "S:after"]));
    expect(run.batches[0]?.files[0]).toMatchObject({ records: 3, rows: 2, quarantined: 1 });
  });

  test.each([
    [`{${time},"NewImage":{"id":{"S":"a"}}}`, "the line has no Keys"],
    ['{"Keys":{"id":{"S":"a"}}}', "Metadata has no usable WriteTimestampMicros"],
    ['{"Metadata":{"WriteTimestampMicros":{"N":"0170406720000000"}},"Keys":{"id":{"S":"a"}}}', "Metadata has no usable WriteTimestampMicros"], // prettier-ignore
    ['{"Metadata":{"WriteTimestampMicros":{"N":"99999999999999999"}},"Keys":{"id":{"S":"a"}}}', "Metadata has no usable WriteTimestampMicros"], // prettier-ignore
    [`{${time},"Keys":{"id":{"S":"a"},"more":{"S":"b"}}}`, "Keys has other attributes than the table's key"],
    [`{${time},"Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"b"}}}`, "Keys differs from the key in NewImage"],
    [`{${time},"Keys":{"id":{"S":"a"}},"NewImage":{}}`, "Keys differs from the key in NewImage"],
    [`{${time},"Keys":{"id":{"S":"a"}},"OldImage":{"x":1}}`, 'attribute "x" of OldImage is no value of DynamoDB'],
    [`{${time},${time},"Keys":{"id":{"S":"a"}}}`, 'Invalid JSON at offset 72: duplicate name "Metadata"'],
  ])("of a window, %s is told by its reason", async (line, reason) => {
    const { found, records } = await unreadable([line, `{${time},"Keys":{"id":{"S":"a"}}}`], "window");
    expect(found.map((one) => [one.line, one.reason])).toEqual([[1, reason]]);
    expect(records).toHaveLength(1);
  });

  test("has another key type than the table", async () => {
    const { found } = await unreadable([good("a"), '{"Item":{"id":{"N":"1"}}}']);
    expect(found.map((one) => one.reason)).toEqual(['key attribute "id" has type N, the table\'s has S']);
  });

  test("is nested deeper than any record (A37)", async () => {
    const bomb = `{"Item":{"id":{"S":"a"},"x":${'{"L":['.repeat(100_000)}${"]}".repeat(100_000)}}}`;
    const { found, records } = await unreadable([bomb, good("b")]);
    expect(found.map((one) => one.reason)).toEqual([expect.stringContaining("nested too deep")]);
    expect(records).toHaveLength(1);
  });

  test("makes no columns", async () => {
    const { run, found } = await unreadable(['{"Item":{"id":{"N":"1"},"junk":{"S":"x"},"id2":', good("a")]);
    expect(found).toHaveLength(1);
    expect(run.schema?.fields.slice(14).map(({ name }) => name)).toEqual(["id", "n"]);
  });

  test("may be a line of megabytes: its beginning is kept and the next line is read", async () => {
    const endless = `{"Item":{"id":{"S":"${"x".repeat(17 * 1_048_576)}"}}}`;
    const { found, records } = await unreadable([good("a"), endless, good("b")]);
    expect(found).toMatchObject([{ line: 2, byteOffset: good("a").length + 1, reason: "the line is longer than 16777216 bytes", sizeBytes: endless.length }]); // prettier-ignore
    expect(Buffer.from(found[0]?.raw ?? "", "base64").toString()).toBe(endless.slice(0, 1_048_576));
    expect(new Set(records.map((row) => row["_key"]))).toEqual(new Set(["S:a", "S:b"]));
  });
});

describe("a line that is a record in another spelling", () => {
  test.each([
    ["with blanks and a carriage return", '{ "Item" : { "id" : { "S" : "a" } , "n" : { "N" : "1" } } }\r'],
    ["with an escaped name", '{"Item":{"\\u0069d":{"S":"a"},"n":{"N":"1"}}}'],
    ["with an escaped tag", '{"Item":{"id":{"\\u0053":"a"},"n":{"N":"1"}}}'],
    ["between empty lines", '\n  \n{"Item":{"id":{"S":"a"},"n":{"N":"1"}}}\n\n'],
  ])("%s is read", async (_title, line) => {
    const { found, records } = await unreadable([line]);
    expect(found).toEqual([]);
    expect(records).toMatchObject([{ id: "a", n: "1", _key: "S:a", _rescued: null }]);
  });
});
