import { expect, test } from "vitest";
import { ledgerOf } from "../../../src/layers/index.ts";
import type { ChannelEpoch } from "../../../src/sources/span.ts";
import { scanSpans, streamSpans } from "../../../src/sources/dynamodb/live/covered-spans.ts";
import { encodeScan, newScan, withPage } from "../../../src/sources/dynamodb/live/scan-state.ts";
import { encodeStream, overlapsFrom, type StreamState } from "../../../src/sources/dynamodb/live/stream-state.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;

function epochOf(epoch: number, end: string): ChannelEpoch {
  return { epoch, end, batches: { first: epoch, last: epoch, count: 1, rows: 1, firstMs: 0, lastMs: 0 } };
}

test("a stream that goes on in the epoch of others is one without a break, and wants a snapshot that is younger", () => {
  const state: StreamState = {
    format: 1,
    tableId: "t",
    epoch: 0,
    streamArn: "arn",
    createdMs: NOW - 9 * HOUR,
    tableCreatedMs: 0,
    sinceMs: NOW - 9 * HOUR,
    polledMs: NOW,
    shards: { one: { after: "7", seconds: (NOW - HOUR) / 1_000, caughtUpMs: NOW } },
  };
  const scanned = newScan({ tableId: "t", epoch: 0, nowMs: NOW - 8 * HOUR, segments: 1, expected: 0 });
  const scan = encodeScan(withPage(scanned, { segment: 0, lastKey: undefined, items: 0 }));
  const moved = { ...state, epoch: 1, epochMs: NOW - HOUR };
  const epochs = [epochOf(0, encodeStream(state)), epochOf(1, encodeStream(moved))];
  const spans = [...scanSpans({ epochs: [epochOf(0, scan)] }), ...streamSpans({ epochs })];
  expect(ledgerOf(spans, NOW)).toMatchObject({ verdict: "covered", holes: [{ kind: "start" }] });
  expect([overlapsFrom(state), overlapsFrom(moved)]).toEqual([NOW - 9 * HOUR + 300_000, NOW - HOUR + 300_000]);
});
