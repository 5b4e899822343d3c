import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { item } from "../../../test/builders/dynamodb-item.ts";
import { ExportBench } from "../../../test/sources/stage-lines.ts";
import { must } from "../../base/index.ts";
import type { BatchManifest } from "../../contract/index.ts";
import type { ChannelPlan } from "../index.ts";
import { encodeStream, type StreamState } from "./live/stream-state.ts";

const STREAM_BEGINS = Date.parse("2026-01-02T10:00:00Z");

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

/** The export channel's plan beside a stream of that memory. */
async function planBeside(
  stream: Partial<StreamState> | undefined,
  { end, othersMs }: { readonly end?: string | undefined; readonly othersMs?: number } = {},
): Promise<ChannelPlan> {
  const channel = must(bench.source({ stream: true }).channels[0], "there are exports");
  const memory: StreamState = {
    format: 1,
    tableId: "t",
    epoch: 0,
    streamArn: "arn",
    createdMs: STREAM_BEGINS,
    tableCreatedMs: 0,
    sinceMs: STREAM_BEGINS,
    polledMs: STREAM_BEGINS,
    shards: {},
    ...stream,
  };
  const beside = new Map(stream === undefined ? [] : [["stream", encodeStream(memory)]]);
  const last = end === undefined ? undefined : ({ end } as BatchManifest);
  return await channel.plan({ last, beside, othersMs: async () => await Promise.resolve(othersMs) });
}

function addFull(time: string): void {
  bench.add({ full: time, items: [item({ id: "a" })] });
}

test("exports that end before the stream is sure to overlap them are taken in, and the table stops there", async () => {
  addFull("2026-01-02T10:04:59Z");
  const { batches, problem } = await planBeside({});
  expect(batches).toHaveLength(1);
  expect(problem).toMatchObject({ code: "source.gap", facts: { neededFrom: "2026-01-02T10:05:00Z" } });
  expect(problem?.advice).toMatch(/as of 2026-01-02T10:05:00Z or later/);
});

test("so it is without any export, and before the stream's position is known", async () => {
  expect((await planBeside({})).problem).toMatchObject({ code: "source.missing" });
  addFull("2026-01-02T10:05:00Z");
  expect((await planBeside(undefined)).problem).toMatchObject({ code: "source.gap" });
});

test.each<[string, readonly string[], Partial<StreamState>]>([
  ["five minutes after its beginning", ["2026-01-02T10:05:00Z"], {}],
  [
    "any export beside a stream that is as old as the table",
    ["2026-01-02T10:00:01Z"],
    { tableCreatedMs: STREAM_BEGINS - 1_000 },
  ],
  ["a later full export, though nothing joins it to the first", ["2025-12-01T00:00:00Z", "2026-01-03T00:00:00Z"], {}],
])("%s: they are one table", async (_title, exports, stream) => {
  for (const time of exports) addFull(time);
  expect((await planBeside(stream)).problem).toBeUndefined();
});

test("every export has the epoch of the stream: its time alone orders it", async () => {
  addFull("2025-12-01T00:00:00Z");
  addFull("2026-01-03T00:00:00Z");
  const { batches } = await planBeside({ epoch: 3 });
  expect(new Set(batches.map(({ epoch }) => epoch))).toEqual(new Set([3]));
});

test("a hole behind the moment from which on the stream tells everything is no hole", async () => {
  addFull("2026-01-03T00:00:00Z");
  bench.add({ from: "2026-01-03T02:00:00Z", to: "2026-01-03T03:00:00Z", events: [] });
  const { batches, problem, skipped } = await planBeside({});
  expect(batches).toHaveLength(1);
  expect(problem).toBeUndefined();
  expect(skipped.map(({ why }) => why)).toEqual(["there is a hole before it; the stream has what lies there"]);
});

describe("behind what a channel brought that is read no longer", () => {
  const OTHERS = Date.parse("2026-01-02T09:00:00Z");

  async function behindFull(time: string, from: string): Promise<ChannelPlan> {
    addFull(time);
    const { batches } = await planBeside({});
    bench.add({ from, to: "2026-01-02T11:00:00Z", events: [] });
    return await planBeside({}, { end: batches.at(-1)?.end, othersMs: OTHERS });
  }

  test("a window that lies over its end leads nowhere", async () => {
    const { batches, problem } = await behindFull("2026-01-02T08:00:00Z", "2026-01-02T08:00:00Z");
    expect(batches).toEqual([]);
    expect(problem).toMatchObject({ code: "source.gap", facts: { neededFrom: "2026-01-02T09:05:00Z" } });
  });

  test("one that lies behind a full export since then does", async () => {
    const { batches, problem } = await behindFull("2026-01-02T09:05:00Z", "2026-01-02T09:05:00Z");
    expect([batches.length, problem]).toEqual([1, undefined]);
  });

  test("a full export that reaches into the stream needs none", async () => {
    addFull("2026-01-02T10:05:00Z");
    const { batches, problem } = await planBeside({}, { othersMs: STREAM_BEGINS + 3_600_000 });
    expect([batches.length, problem]).toEqual([1, undefined]);
  });
});
