import { describe, expect, test } from "vitest";
import { kinesisRecord } from "../../../../test/builders/change-record.ts";
import { item } from "../../../../test/builders/dynamodb-item.ts";
import { simulatedWorld, type World } from "../../../base/index.ts";
import { lazyEngine } from "../../../engine/index.ts";
import { countingStore, memoryStore, type ObjectStore } from "../../../storage/index.ts";
import { ScanThreads } from "../scan/scan-threads.ts";
import type { BatchManifest } from "../../../contract/index.ts";
import { kindOfPath, readPath } from "./delivered-path.ts";
import { firehoseChannel } from "./firehose-channel.ts";

describe("a path", () => {
  test.each([
    ["2026/11/27/09/orders-1", "2026112709", "yyyy/MM/dd/HH", "2026/11/25"],
    ["raw/3f/2026/11/27/09/orders-1", "2026112709", "raw/3f/yyyy/MM/dd/HH", "raw/3f/2026/11/25"],
    [
      "year=2026/month=11/day=27/hour=09/x",
      "2026112709",
      "year=yyyy/month=MM/day=dd/hour=HH",
      "year=2026/month=11/day=25",
    ],
    ["t=orders/dt=2026-11-27/x", "2026112700", "t=orders/dt=yyyy-MM-dd", "t=orders/dt=2026-11-25"],
    ["t=orders/dt=2026-11-27-09/x", "2026112709", "t=orders/dt=yyyy-MM-dd-HH", "t=orders/dt=2026-11-25"],
  ])("%s has a time", (path, hour, series, from) => {
    const read = readPath(path);
    expect([read.hour, read.series, read.from("20261125")]).toEqual([hour, series, from]);
  });

  test.each(["orders-1-2026-11-27-09-17-01-x", "2026/13/27/09/x", "2026/11/x", "all/x.gz"])("%s has none", (path) => {
    expect(readPath(path).hour).toBeUndefined();
  });

  test.each([
    ["2026/11/27/09/orders-1", undefined, "records"],
    ["format-conversion-failed/2026/11/27/09/x", undefined, "errors"],
    ["orders-failed-2026/11/27/09/x", undefined, "records"],
    ["errors/2026/11/27/09/x", undefined, "records"],
    ["errors/2026/11/27/09/x", "errors/", "errors"],
    ["2026/11/27/09/.x.swp", undefined, "none"],
    ["2026/11/27/09/_SUCCESS", undefined, "none"],
  ])("%s, where errors are below %s, holds %s", (path, errors, kind) => {
    expect(kindOfPath(path, errors)).toBe(kind);
  });
});

class Follower {
  readonly taken: string[] = [];
  readonly #channel;
  #last: BatchManifest | undefined;
  #moved: string | undefined;
  readonly #batches: BatchManifest[] = [];

  constructor(store: ObjectStore, world: World) {
    const options = { table: "orders", keys: ["id"], hints: [], batchBytes: 500 };
    // Planning reads no file.
    const engine = lazyEngine(async () => await Promise.reject(new Error("no engine")));
    this.#channel = firehoseChannel(options, { store, engine, world, hints: new Map(), threads: new ScanThreads() });
  }

  /** Takes in all that is planned, or so many batches of it. */
  async follow(most = Infinity): Promise<readonly string[]> {
    const batches = this.#batches.toReversed();
    const history = async function* (): AsyncGenerator<BatchManifest> {
      yield* batches;
    };
    const plan = await this.#channel.plan({ last: this.#last, moved: this.#moved, history });
    if (plan.problem !== undefined) throw plan.problem;
    const before = this.taken.length;
    for (const { end, start, files, epoch } of plan.batches.slice(0, most)) {
      if (end === undefined) {
        this.#moved = start;
        continue;
      }
      const taken = files.map(({ path, sizeBytes, unit }) => ({
        path,
        sizeBytes,
        modifiedMs: unit["modifiedMs"],
        md5: "",
      }));
      this.#last = { end, epoch, files: taken } as unknown as BatchManifest;
      this.#moved = undefined;
      this.#batches.push(this.#last);
      this.taken.push(...files.map(({ path }) => path));
    }
    return this.taken.slice(before);
  }
}

const DAY_MS = 86_400_000;

function hourOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13).replaceAll("-", "/").replace("T", "/");
}

describe("looking for files", () => {
  test("costs what is new, finds each once, and what comes very late within a day", async () => {
    const world = simulatedWorld(1, Date.parse("2026-06-01T00:00:00Z"));
    const store = countingStore(memoryStore({ world }));
    const put = async (path: string): Promise<string> => {
      await store.create(path, Buffer.from(path));
      return path;
    };
    const startMs = world.nowMs();
    for (let at = 0; at < 100 * 24; at += 6) {
      for (const stem of ["a/", "b/"]) await put(`${stem}${hourOf(startMs - at * 3_600_000)}/x`);
    }
    const follower = new Follower(store, world);
    // A process that dies in the middle has not seen what it had listed.
    await follower.follow(3);
    await follower.follow();
    expect(new Set(follower.taken).size).toBe(800);
    expect(follower.taken).toHaveLength(800);
    store.reset();
    expect(await follower.follow()).toEqual([]);
    // Three days of both prefixes, and the objects at which it jumped.
    expect(store.counts.listed).toBeLessThanOrEqual(2 * 3 * 4 + 2);
    const fresh = [await put(`a/${hourOf(startMs)}/y`), await put(`b/${hourOf(startMs - 30 * 3_600_000)}/z`), await put(`c/${hourOf(startMs - 90 * DAY_MS)}/new`)]; // prettier-ignore
    const late = await put(`a/${hourOf(startMs - 60 * DAY_MS)}/late`);
    expect((await follower.follow()).toSorted()).toEqual(fresh.toSorted());
    expect(await follower.follow()).toEqual([]);
    await world.sleep(DAY_MS);
    expect(await follower.follow()).toEqual([late]);
    store.reset();
    await world.sleep(DAY_MS);
    // All is looked at once a day, whether or not there is anything new.
    expect(await follower.follow()).toEqual([]);
    expect(store.counts.listed).toBe(804);
    store.reset();
    expect(await follower.follow()).toEqual([]);
    expect(store.counts.listed).toBeLessThanOrEqual(2 * 3 * 4 + 3);
  });

  test("lists everything where each file has a prefix of its own", async () => {
    const world = simulatedWorld(1, Date.parse("2026-06-01T00:00:00Z"));
    const store = countingStore(memoryStore({ world }));
    const body = Buffer.from(JSON.stringify(kinesisRecord({ id: "a", micros: 1e15, after: item({ id: "a" }) })));
    for (let at = 0; at < 300; at += 1) await store.create(`${at}/2026/05/31/10/x`, body);
    const follower = new Follower(store, world);
    expect(await follower.follow()).toHaveLength(300);
    store.reset();
    await store.create("zz/2026/01/01/10/x", body);
    expect(await follower.follow()).toEqual(["zz/2026/01/01/10/x"]);
    expect(store.counts.listed).toBe(301);
  });
});
