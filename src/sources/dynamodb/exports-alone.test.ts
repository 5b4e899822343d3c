import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { item } from "../../../test/builders/dynamodb-item.ts";
import { ExportBench } from "../../../test/sources/stage-lines.ts";
import type { BatchManifest } from "../../contract/index.ts";
import { must } from "../../base/index.ts";
import type { ChannelPlan } from "../index.ts";
import { decodeCoverage } from "./plan/coverage.ts";

const DAYS = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"] as const;

let bench: ExportBench;
beforeEach(() => {
  bench = new ExportBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

/** The plan behind that batch, where others have brought rows of that epoch. */
async function planBehind(end: string | undefined, newestEpoch: number, othersMs?: number): Promise<ChannelPlan> {
  const channel = must(bench.source({ batchBytes: 2_500 }).channels[0], "there are exports");
  const last = end === undefined ? undefined : ({ end } as BatchManifest);
  return await channel.plan({
    last,
    newestEpoch: async () => await Promise.resolve(newestEpoch),
    othersMs: async () => await Promise.resolve(othersMs),
  });
}

function addFull(time: string): void {
  const items = Array.from({ length: 20 }, (_, at) => item({ id: `k${at}`, note: "x".repeat(100) }));
  bench.add({ full: time, items }, { files: 4 });
}

function filesOf({ batches }: ChannelPlan): readonly (string | undefined)[] {
  return batches.flatMap(({ files }) => files.map(({ path }) => path)).toSorted();
}

test("exports begin in the newest epoch that others have brought, and their windows go on in it", async () => {
  addFull(DAYS[0]);
  const first = await planBehind(undefined, 3);
  expect(new Set(first.batches.map(({ epoch }) => epoch))).toEqual(new Set([3]));
  bench.add({ from: DAYS[0], to: DAYS[1], events: [] });
  const end = first.batches.at(-1)?.end;
  expect((await planBehind(end, 3)).batches.map(({ epoch }) => epoch)).toEqual([3]);
  const later = await planBehind(end, 5);
  expect(later.batches.map(({ epoch }) => epoch)).toEqual([5]);
  expect(decodeCoverage(later.batches[0]?.end)?.coveredTo).toBe("2026-01-02T00:00:00.000Z");
});

test("an export that is under way when others begin an epoch is read from its beginning", async () => {
  addFull(DAYS[0]);
  const first = await planBehind(undefined, 0);
  expect(first.batches.length).toBeGreaterThan(1);
  const again = await planBehind(first.batches[0]?.end, 2);
  expect(filesOf(again)).toEqual(filesOf(first));
  expect(new Set(again.batches.map(({ epoch }) => epoch))).toEqual(new Set([2]));
  expect(again.problem).toBeUndefined();
  // Once it is whole, so is a later one.
  addFull(DAYS[1]);
  const next = await planBehind(again.batches.at(-1)?.end, 2);
  const later = new Set(filesOf(next));
  const rest = (await planBehind(next.batches[0]?.end, 4)).batches.filter(({ files }) =>
    files.some(({ path }) => later.has(path)),
  );
  expect(rest.flatMap(({ files }) => files)).toHaveLength(later.size);
  expect(new Set(rest.map(({ epoch }) => epoch)).size).toBe(1);
  expect(rest[0]?.epoch).toBeGreaterThanOrEqual(4);
});

describe("behind what others brought", () => {
  const OTHERS = Date.parse("2026-01-01T23:54:00Z");

  test.each(["nothing of exports", "an older full export"])("and %s, windows lead nowhere", async (before) => {
    addFull(DAYS[0]);
    const first = before === "nothing of exports" ? undefined : await planBehind(undefined, 0);
    bench.add({ from: DAYS[0], to: DAYS[1], events: [] });
    const { batches, problem } = await planBehind(first?.batches.at(-1)?.end, 0, OTHERS);
    expect(batches).toEqual([]);
    expect(problem).toMatchObject({ code: "source.gap", facts: { neededFrom: "2026-01-01T23:59:00Z" } });
    expect(problem?.advice).toMatch(/in full as of 2026-01-01T23:59:00Z or later/);
  });

  test("a full export that is younger begins above it, and windows follow it", async () => {
    addFull(DAYS[0]);
    const first = await planBehind(undefined, 2);
    addFull(DAYS[1]);
    bench.add({ from: DAYS[0], to: DAYS[1], events: [] });
    const next = await planBehind(first.batches.at(-1)?.end, 2, OTHERS);
    expect(new Set(next.batches.map(({ epoch }) => epoch))).toEqual(new Set([3]));
    // In the middle of it, too.
    expect(next.batches.length).toBeGreaterThan(1);
    const rest = await planBehind(next.batches[0]?.end, 2, OTHERS);
    expect(filesOf(rest).length).toBe(filesOf(next).length - (next.batches[0]?.files.length ?? 0));
    bench.add({ from: DAYS[1], to: DAYS[2], events: [] });
    const last = await planBehind(rest.batches.at(-1)?.end, 3, OTHERS);
    expect(last.batches.map(({ epoch }) => epoch)).toEqual([3]);
    expect(last.problem).toBeUndefined();
  });
});
