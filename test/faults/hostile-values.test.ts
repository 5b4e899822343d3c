import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeKey } from "../../src/contract/index.ts";
import { writeExport } from "../builders/dynamodb-export.ts";
import { item } from "../builders/dynamodb-item.ts";
import { lakeReader, type LakeReader } from "./lake-reader.ts";
import { writeOneTableLake } from "./one-table-lake.ts";
import { sluiceOk } from "./product.ts";
import { sorted, tracedRecord } from "./traced-record.ts";

/** What would mean something to SQL, a shell, a terminal, a spreadsheet, a page, a path or JavaScript (A1, A3). */
const TEXTS = [
  "'; DROP TABLE t; --",
  'x"; SELECT 1; --',
  "x' OR '1'='1",
  "=cmd|' /C calc'!A0",
  "@SUM(1+1)",
  "\u001b[31mred\u001b[0m\u001b]0;title\u0007",
  "\u009b2J",
  "\u202egnp.exe\u202c",
  "a\u0000b",
  "line\nbreak\r\u2028\u0085",
  "<script>alert(1)</script>",
  "$(rm -rf /) `id` ${HOME}",
  "../../etc/passwd",
  "%2e%2e%2f|%7C|",
  "__proto__",
  "NULL",
  " padded ",
  "e\u0301 and \u00e9",
  "😀 Łódź 名前",
  "\\\"'\\u0041",
];

const ITEMS = TEXTS.map((text, index) => item({ id: text, text, other: [text, { [text]: text }], n: index }));

let folder: string;
let reader: LakeReader;
let lake: ReturnType<typeof writeOneTableLake>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-hostile-values-"));
  reader = await lakeReader();
  lake = writeOneTableLake(folder, {
    columns: "text: s.string(), n: s.long(),",
    expect: `harmless: expect("text <> 'DROP TABLE t'").orQuarantine(),`,
    gold: "select text, count(*) as n from ${things} group by text",
  });
  writeExport(lake.exports, { full: "2026-01-01T00:00:00Z", items: ITEMS }, { table: "things", files: 2 });
  await sluiceOk(lake, "run");
});

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("values and keys are in Silver and Gold as they were", async () => {
  const silver = await reader.rows(lake.lake, "SELECT * FROM t ORDER BY n", { t: "silver/things" });
  const expected = TEXTS.map((text) => [text, text, encodeKey([{ tag: "S", value: text }])]);
  expect(silver.map((row) => [row["id"], row["text"], row["_key"]])).toEqual(expected);
  const gold = await reader.rows(lake.lake, "SELECT text FROM t", { t: "gold/counts" });
  expect(gold.map((row) => String(row["text"])).toSorted()).toEqual([...TEXTS].toSorted());
});

test.for([["json"], ["ndjson"]] as const)("%s gives values back as they were", async ([format]) => {
  const stdout = await queried(format);
  const lines = format === "json" ? stdout : `[${stdout.trimEnd().split("\n").join(",")}]`;
  expect(JSON.parse(lines)).toEqual(TEXTS.map((text, index) => ({ id: text, text, n: index })));
  expect(stdout).not.toMatch(STEERS);
});

test("a table on the terminal holds nothing that steers it or turns the text around", async () => {
  const stdout = await queried("table");
  expect(stdout).not.toMatch(STEERS);
  expect(stdout).not.toMatch(/[\u202a-\u202e\u2028]/);
  expect(stdout).toContain("Łódź 名前");
});

test("csv gives a spreadsheet no formula", async () => {
  expect(await queried("csv")).not.toMatch(/(?:^|,)"?[=@]/m);
});

test("each record is found by its key, and is the one that was sent", { timeout: 60_000 }, async () => {
  for (const [index, text] of TEXTS.entries()) {
    // No command line carries a NUL, and one in three keys is enough.
    if (text.includes("\u0000") || (index % 3 !== 0 && !text.includes("|"))) continue;
    expect(sorted(await tracedRecord(lake, text))).toBe(sorted(JSON.stringify({ Item: ITEMS[index] })));
  }
});

/** C0 and C1 controls, but for the line ends of the output itself. */
// oxlint-disable-next-line no-control-regex
const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

async function queried(format: string): Promise<string> {
  const sql = "select id, text, n from silver.things order by n";
  return (await sluiceOk(lake, "query", sql, "--format", format)).stdout;
}
