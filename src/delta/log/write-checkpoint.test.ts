import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { countingStore, memoryStore } from "../../storage/index.ts";
import { append, committed, createTable, testLog } from "../../../test/delta-builders.ts";
import { commitPath } from "./file-names.ts";
import { isCheckpointDue } from "./write-checkpoint.ts";

const KB = 1024;

/** Bytes of checkpoints that so many commits lead to, each of which adds to the JSON and to the next checkpoint. */
function checkpointBytes(commits: number, jsonBytes: number, growth: number): number {
  let written = 0;
  let length = { checkpointVersion: -1, checkpointBytes: 0, commits: 0, commitBytes: 0 };
  for (let version = 0; version < commits; version += 1) {
    length = { ...length, commits: length.commits + 1, commitBytes: length.commitBytes + jsonBytes };
    if (!isCheckpointDue(length, {})) continue;
    const size = version * growth;
    written += size;
    length = { checkpointVersion: version, checkpointBytes: size, commits: 0, commitBytes: 0 };
  }
  return written;
}

describe("checkpoints", () => {
  test.each([
    [1 * KB, 100],
    [64 * KB, 100],
    [1 * KB, 10 * KB],
    [2 * 1024 * KB, 200 * KB],
  ])("cost in proportion to the commits: %i bytes of JSON and %i of checkpoint each", (jsonBytes, growth) => {
    for (const commits of [1_000, 10_000, 100_000]) {
      expect(checkpointBytes(commits, jsonBytes, growth)).toBeLessThanOrEqual(
        commits * (2 * jsonBytes + 2 * growth + 32 * KB),
      );
    }
  });

  test("come when the table says so, if it is sooner", () => {
    const length = { checkpointVersion: 0, checkpointBytes: 0, commits: 10, commitBytes: 10 };
    expect(isCheckpointDue(length, {})).toBe(false);
    expect(isCheckpointDue(length, { "delta.checkpointInterval": "10" })).toBe(true);
    expect(isCheckpointDue({ ...length, commits: 200 }, { "delta.checkpointInterval": "100000" })).toBe(true);
    expect(isCheckpointDue({ ...length, commits: 200, checkpointBytes: 100e6 }, {})).toBe(false);
  });

  test("ten thousand commits write a few kilobytes of log each, and never more than as many again are read", async () => {
    const world = simulatedWorld(1);
    const store = countingStore(memoryStore({ world }));
    const log = testLog(store, world);
    let snapshot = await createTable(log);
    let jsonBytes = 0;
    const bytesAt: number[] = [];
    for (let commit = 1; commit <= 10_000; commit += 1) {
      snapshot = committed(await log.commit(append(snapshot, [`f${commit}.parquet`])));
      if (commit % 5_000 === 0) bytesAt.push(store.counts.bytesWritten);
      if (commit === 10_000) jsonBytes = (await store.stat(commitPath(commit)))?.sizeBytes ?? 0;
    }
    const [half = 0, all = 0] = bytesAt;
    expect(all / 10_000).toBeLessThan(12 * KB);
    expect(all / 10_000).toBeLessThan(2 * jsonBytes + 32 * KB);
    expect(all).toBeLessThan(4 * half);
    store.reset();
    await testLog(store, world).latest();
    expect(store.counts.read).toBeLessThan(250);
  }, 120_000);
});
