import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { openTemporaryFolder } from "../../../../test/temporary-folder.ts";
import { simulatedWorld, type PrivateFolder } from "../../../base/index.ts";
import type { StageContext } from "../../source.ts";
import { PagesAhead, type ReadBehind } from "./pages-ahead.ts";
import { newScan, withPage, type ScanState } from "./scan-state.ts";

/** Pages of so many items; a batch is one of them. */
const PAGE = 10;

const beginning = (nowMs = 0): ScanState => newScan({ tableId: "t", epoch: 0, nowMs, segments: 1, expected: 0 });

/** A scan of so many batches, and what became of the folders that were asked for. */
function bench(batches: number, reading?: (read: { at: number; context: StageContext }) => Promise<void>) {
  const world = simulatedWorld(1);
  const reads: number[] = [];
  const folders: PrivateFolder[] = [];
  const read: ReadBehind = async (start, context) => {
    const at = start.items / PAGE;
    reads.push(at);
    await reading?.({ at, context });
    context.signal?.throwIfAborted();
    const lastKey = at + 1 < batches ? String(at + 1) : undefined;
    const spooled = { path: String(at), lines: PAGE, sizeBytes: 1 };
    return { spooled, state: withPage(start, { segment: 0, lastKey, items: PAGE }) };
  };
  const openFolder = async (): Promise<PrivateFolder> => {
    const folder = await openTemporaryFolder();
    folders.push(folder);
    return folder;
  };
  const ahead = new PagesAhead(read);
  const context: StageContext = { world, folder: "own", openFolder };
  const left = (): number => folders.filter(({ path }) => existsSync(path)).length;
  return { reads, ahead, context, left };
}

test("a batch is read while the one before is staged, and its folder goes once it is", async () => {
  const { ahead, context, reads, left } = bench(3);
  const folders: string[] = [];
  let state = beginning();
  for (let at = 0; at < 3; at += 1) {
    state = await ahead.with(state, context, async (pages, folder) => {
      folders.push(folder);
      expect(pages.spooled.path).toBe(String(at));
      await Promise.resolve();
      // The one behind it is under way, and no more than that one.
      expect(reads).toEqual([0, 1, 2].slice(0, at + 2));
      expect(left()).toBe(Math.min(2, at === 0 ? 1 : 3 - at));
      return pages.state;
    });
  }
  expect(folders[0]).toBe("own");
  expect(new Set(folders).size).toBe(3);
  expect(left()).toBe(0);
});

test("what is ahead is thrown away where the scan goes on elsewhere", async () => {
  const { ahead, context, reads, left } = bench(3);
  await ahead.with(beginning(), context, async () => await Promise.resolve());
  await ahead.with(beginning(5), { ...context, openFolder: undefined } as unknown as StageContext, async () => {
    await Promise.resolve();
    expect(left()).toBe(0);
  });
  expect(reads).toEqual([0, 1, 0]);
});

test("what fails ahead fails where it is asked for, and is read again after that", async () => {
  let failures = 1;
  const { ahead, context, left } = bench(2, async ({ at }) => {
    await Promise.resolve();
    if (at !== 1 || failures === 0) return;
    failures -= 1;
    throw new Error("no luck");
  });
  const first = await ahead.with(beginning(), context, async (pages) => await Promise.resolve(pages.state));
  const second = async (): Promise<string> =>
    await ahead.with(first, context, async ({ spooled }) => await Promise.resolve(spooled.path));
  await expect(second()).rejects.toThrow("no luck");
  expect(left()).toBe(0);
  expect(await second()).toBe("1");
});

test("who closes, or stops while it is waited for, ends it", async () => {
  const signals: AbortSignal[] = [];
  const { ahead, context, left } = bench(3, async ({ at, context: { signal } }) => {
    if (at === 0 || signal === undefined) return;
    signals.push(signal);
    await new Promise((_done, fail) => signal.addEventListener("abort", () => fail(new Error("it was told to end"))));
  });
  const first = await ahead.with(beginning(), context, async (pages) => await Promise.resolve(pages.state));
  await ahead.close();
  expect([signals.map(({ aborted }) => aborted), left()]).toEqual([[true], 0]);
  await ahead.with(beginning(), context, async () => await Promise.resolve());
  const stop = new AbortController();
  const waiting = ahead.with(first, { ...context, signal: stop.signal }, async () => await Promise.resolve());
  stop.abort();
  await expect(waiting).rejects.toThrow("it was told to end");
  expect([signals.map(({ aborted }) => aborted), left()]).toEqual([[true, true], 0]);
});

test("progress is told of to who waits", async () => {
  let tell: StageContext["onProgress"];
  const go = new AbortController();
  const { ahead, context } = bench(2, async ({ at, context: { onProgress } }) => {
    if (at === 0) return;
    tell = onProgress;
    await new Promise((done) => go.signal.addEventListener("abort", done));
  });
  const first = await ahead.with(beginning(), context, async (pages) => await Promise.resolve(pages.state));
  const heard: number[] = [];
  const onProgress: StageContext["onProgress"] = ({ records }) => heard.push(records);
  const waiting = ahead.with(first, { ...context, onProgress }, async () => await Promise.resolve());
  tell?.({ records: 7, bytes: 1 });
  go.abort();
  await waiting;
  expect(heard).toEqual([7]);
});
