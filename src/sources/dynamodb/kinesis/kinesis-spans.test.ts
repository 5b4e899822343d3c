import { expect, test } from "vitest";
import type { ChannelEpoch } from "../../span.ts";
import { kinesisSpans } from "./kinesis-spans.ts";
import { encodeKinesis, type KinesisShardState, type KinesisState } from "./kinesis-state.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function state(shards: Readonly<Record<string, KinesisShardState>>, more: Partial<KinesisState> = {}): KinesisState {
  const [createdMs, lookedMs] = [NOW - 9 * DAY, NOW - DAY];
  return { format: 1, epoch: 0, streamArn: "arn", createdMs, keptMs: DAY, lookedMs, sinceMs: lookedMs, polledMs: NOW, shards, ...more }; // prettier-ignore
}

function epochOf(kept: KinesisState): ChannelEpoch {
  const batches = { first: kept.epoch, last: kept.epoch, count: 1, rows: 1, firstMs: 0, lastMs: 0 };
  return { epoch: kept.epoch, end: encodeKinesis(kept), batches };
}

test("a stream is covered up to its slowest shard, less what a change takes to arrive", () => {
  const shards = {
    closed: { after: "9", readToMs: NOW - 90 * MINUTE, isDone: true },
    left: { parents: ["closed"], after: "12", readToMs: NOW - 20 * MINUTE },
    right: { parents: ["closed"], readToMs: NOW - 40 * MINUTE },
    idle: { readToMs: NOW, isCurrent: true },
  } as const;
  const [span] = kinesisSpans({ epochs: [epochOf(state(shards))] });
  expect(span).toMatchObject({ fromMs: NOW - DAY, toMs: NOW - 45 * MINUTE, owed: { fromMs: NOW - 40 * MINUTE, keptMs: DAY - 5 * MINUTE } }); // prettier-ignore
  expect(span?.parts?.map((part) => [part.name, part.state])).toEqual([
    ["closed", "done"],
    ["left", "behind"],
    ["right", "unread"],
    ["idle", "current"],
  ]);
  // A shard that nobody has seen yet may have had records since the last look.
  const done = state({ closed: shards.closed }, { polledMs: NOW - 60 * MINUTE });
  expect(kinesisSpans({ epochs: [epochOf(done)] })[0]?.toMs).toBe(NOW - 65 * MINUTE);
});

test("nothing of it is certain until the table is known to send its changes", () => {
  const { sinceMs: _unknown, ...unfed } = state({ a: { after: "1", readToMs: NOW } });
  const [span] = kinesisSpans({ epochs: [], moved: encodeKinesis(unfed) });
  expect(span).toMatchObject({ toMs: undefined, limits: [{ kind: "sending" }] });
});

test("another epoch is a break where records were lost, and no break where the filter is another one", () => {
  const first = epochOf(state({}));
  const lost = kinesisSpans({ epochs: [first, epochOf(state({}, { epoch: 1 }))] });
  expect(lost.map(({ isRedefined = false }) => isRedefined)).toEqual([true, false]);
  const filtered = kinesisSpans({ epochs: [first, epochOf(state({}, { epoch: 1, filter: "x" }))] });
  expect(filtered.map(({ isRedefined = false }) => isRedefined)).toEqual([true, true]);
  expect(kinesisSpans({ epochs: [first], isCut: true })[0]?.isRedefined).toBeUndefined();
});
