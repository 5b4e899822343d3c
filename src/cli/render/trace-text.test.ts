import { describe, expect, test } from "vitest";
import type { BatchManifest } from "../../contract/index.ts";
import { field, struct } from "../../contract/index.ts";
import type { Trace } from "../../lake/index.ts";
import { prettyJson } from "./json.ts";
import { paintFor } from "./paint.ts";
import { traceJson, traceText } from "./trace-text.ts";

const SCHEMA = struct([field("day", "date"), field("revenue", "decimal(18,2)"), field("at", "timestamp")]);
const BATCH: BatchManifest = {
  format: 1,
  batch: 3,
  table: "bronze.orders",
  tableId: "t",
  channel: "export",
  before: 2,
  epoch: 0,
  run: "r1",
  createdMs: Date.UTC(2026, 0, 31, 12),
  start: "",
  end: "",
  files: [],
  rows: 1_200,
  skips: [],
};
const RECORD = '{"Item":{"id":{"S":"x\u009b2J"},"n":{"N":"12345678901234567890123456789012345678"}}}';

const TRACE: Trace = {
  table: "gold.daily",
  key: "2026-01-31",
  row: { day: "2026-01-31", revenue: "12.50", at: null },
  silver: [{ table: "silver.orders", keys: ["S:a", "S:b", "S:c", "S:d", "S:e", "S:f"], total: 307 }],
  bronze: [
    {
      table: "bronze.orders",
      key: "S:a",
      eventId: "e",
      operation: "R",
      sequence: "0",
      sourceMicros: 1_500_000n,
      batchId: 3,
      file: "data/a.json.gz",
      line: 17,
      record: RECORD,
    },
  ],
  batches: [BATCH],
};
const options = { schema: SCHEMA, paint: paintFor(false), isTerminal: false };

describe("a trace", () => {
  test("goes from the row down to the file's line and the record", () => {
    expect(traceText(TRACE, options)).toBe(
      [
        "gold.daily  2026-01-31",
        "",
        "Row",
        "  day      2026-01-31",
        "  revenue  12.50",
        "  at       NULL",
        "",
        "Made from",
        "  table          rows  keys",
        "  silver.orders   307  S:a  S:b  S:c  S:d  S:e  … 302 more",
        "",
        "Events in Bronze, oldest first",
        "  operation       at the source             key  batch  file",
        "  R snapshot row  1970-01-01T00:00:01.500Z  S:a      3  data/a.json.gz:17",
        "",
        "Records",
        RECORD,
        "",
        "Batches",
        "  table          batch  taken in              channel  files   rows  run",
        "  bronze.orders      3  2026-01-31 12:00:00Z  export       0  1,200  r1",
        "",
      ].join("\n"),
    );
  });

  test("prints records whole to a pipe and harmless to a terminal (A3)", () => {
    expect(traceText(TRACE, { ...options, isTerminal: true })).toContain('"x\\u009b2J"');
  });

  test("says where there is no row any more", () => {
    expect(traceText({ ...TRACE, row: undefined, silver: [] }, options)).toContain("none: deleted, or never let in");
  });

  test("gives programs the record as an object, with every digit", () => {
    const json = JSON.parse(prettyJson(traceJson(TRACE, SCHEMA))) as object;
    expect(json).toMatchObject({
      row: { day: "2026-01-31", revenue: "12.50", at: null },
      madeFrom: [{ total: 307 }],
      bronze: [{ sourceTime: "1970-01-01T00:00:01.500Z", line: 17, record: JSON.parse(RECORD) as object }],
      batches: [{ table: "bronze.orders", batch: 3, rows: 1_200 }],
    });
  });
});
