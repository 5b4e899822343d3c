import { expect, test } from "vitest";
import { paintFor } from "./paint.ts";
import { quarantineRecordsText } from "./quarantine-records.ts";

test("a record says why it was set aside, where it comes from, and all that it holds", () => {
  const raw = '{"_op":"I","_key":"S:a","amount":"-1.50","note":null,"_rescued":"{}","name":"x\\u001b[2J"}';
  const row = {
    table_name: "silver.orders",
    reasons: ["rule:positive", "fits:amount"],
    _key: "S:a",
    _ingest_file: "data/a.json.gz",
    line: null,
    byte_offset: null,
    _batch_id: 3n,
    _source_ts: 0n,
    raw,
    raw_encoding: "json",
  };
  expect(quarantineRecordsText([row], paintFor(false))).toBe(
    [
      "silver.orders  S:a  rule:positive, fits:amount",
      "  from    data/a.json.gz, batch 3, 1970-01-01T00:00:00Z",
      '  record  {"amount":"-1.50","_rescued":"{}","name":"x\\u001b[2J"}',
      "",
      "",
    ].join("\n"),
  );
});

test("a line that was no record is shown as the text that it was, without what steers a terminal (A3)", () => {
  const row = {
    table_name: "bronze.orders",
    reasons: ["Invalid JSON"],
    _key: null,
    _ingest_file: "data/a.json.gz",
    line: 7n,
    byte_offset: 120n,
    _batch_id: null,
    _source_ts: null,
    raw: Buffer.from('{"Item": \u001b[31m').toString("base64"),
    raw_encoding: "base64",
  };
  expect(quarantineRecordsText([row], paintFor(false))).toBe(
    'bronze.orders  Invalid JSON\n  from    data/a.json.gz:7, byte 120\n  record  {"Item": \\u001b[31m\n\n',
  );
});
