import { expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import { jsonText } from "./json.ts";
import { paintFor } from "./paint.ts";
import { eventJson, eventText, flushLine } from "./start-events.ts";

const atMs = Date.UTC(2026, 0, 31, 10, 5, 24);
const silver = {
  table: "silver.orders",
  version: 12,
  rows: 1_250,
  quarantined: 0,
  newestMs: atMs - 2_000,
  lagMs: 1_240,
} as const;
const flush = {
  kind: "flush",
  atMs,
  tables: [{ ...silver, table: "bronze.orders", version: 17 }, silver],
  newestMs: atMs - 2_000,
  lagMs: 1_240,
} as const;
const talk = { paint: paintFor(false), isVerbose: false };

test("a flush is a line: how many rows, which tables, how fresh", () => {
  expect(flushLine(flush)).toBe(
    "10:05:24Z  1,250 rows  bronze.orders 17 · silver.orders 12  newest 10:05:22Z  lag 1.2 s",
  );
  const many = Array.from({ length: 7 }, () => ({ ...silver, quarantined: 2 }));
  expect(flushLine({ ...flush, tables: many, newestMs: undefined, lagMs: undefined })).toBe(
    "10:05:24Z  8,750 rows  7 tables  14 quarantined",
  );
});

test("a failure says what, what to do, and when it is tried again; what a source says steers no terminal", () => {
  const error = new SluiceError("source.unavailable", "Cannot read the stream: DynamoDB did not answer");
  const failed = { kind: "failed", atMs, table: "bronze.orders", error, againMs: 4_000 } as const;
  expect(eventText(failed, talk)).toMatch(/^10:05:24Z {2}bronze\.orders is tried again in 4\.0 s\n.*did not answer/);
  expect(eventText({ ...failed, againMs: undefined }, talk)).toContain("bronze.orders is given up");
  const notice = { what: "stream", why: "\u001b[2Jgone\r\nfake" };
  const said = eventText({ kind: "notice", atMs, table: "bronze.orders", notice }, talk);
  expect(said).not.toContain("\u001b");
  expect(said.trimEnd().split("\n")).toHaveLength(1);
});

test("what was published is told with its target", () => {
  const place = { table: "silver.orders", target: "dynamodb shop" } as const;
  const event = { kind: "published", atMs, ...place, put: 1_200, deleted: 3 } as const;
  expect(eventText(event, talk)).toBe("10:05:24Z  silver.orders → dynamodb shop  1,200 put, 3 deleted\n");
  expect(eventJson(event)).toMatchObject({ event: "published", target: "dynamodb shop", put: 1_200, deleted: 3 });
});

test("a comparison is told as the command tells it, and one that failed as no trouble of the table", () => {
  const counts = { buckets: 4_096, bucketsDifferent: 1, candidates: 2, missing: 1, extra: 0, different: 0, moving: 0 };
  const report = {
    table: "bronze.orders" as const,
    startedMs: atMs - 60_000,
    elapsedMs: 60_000,
    version: 17,
    verdict: "different" as const,
    sourceRecords: 12,
    lakeRecords: 11,
    ...counts,
    unchecked: 0,
    isCaughtUp: true,
    keys: [{ key: "S:o-1", what: "missing" as const, attributes: [] }],
    silver: [],
  };
  const event = { kind: "reconciled", atMs, table: "bronze.orders", report } as const;
  expect(eventText(event, talk)).toMatch(/^10:05:24Z {2}bronze\.orders version 17 differs .*\n[^]*missing +S:o-1 *\n$/);
  expect(eventJson(event)).toMatchObject({ event: "reconciled", verdict: "different", keys: [{ key: "S:o-1" }] });
  const error = new SluiceError("source.denied", "Cannot scan the table");
  const failed = { kind: "failed", atMs, table: "bronze.orders", during: "reconcile", error, againMs: 60_000 } as const;
  expect(eventText(failed, talk)).toContain("bronze.orders goes on; its comparison with the source is tried again in");
  expect(eventJson(failed)).toMatchObject({ event: "failed", during: "reconcile", table: "bronze.orders" });
});

test("events are lines of JSON", () => {
  const line = jsonText(eventJson(flush));
  expect(line).not.toContain("\n");
  expect(JSON.parse(line)).toMatchObject({
    schema: "sluice.start/1",
    event: "flush",
    newest: "2026-01-31T10:05:22.000Z",
    lagMs: 1_240,
    tables: [
      { table: "bronze.orders", version: 17 },
      { table: "silver.orders", rows: 1_250 },
    ],
  });
});
