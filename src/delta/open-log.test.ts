import { describe, expect, test } from "vitest";
import { parseJson, simulatedWorld } from "../base/index.ts";
import { countingStore, memoryStore, type ObjectStore } from "../storage/index.ts";
import {
  append,
  collected,
  committed,
  createTable,
  creation,
  metadataOf,
  rewrite,
  shownSnapshot,
  testLog,
} from "../../test/delta-builders.ts";
import { READ_NOTHING, type Snapshot } from "./index.ts";

describe("a table's log", () => {
  test("has no version while there is no table", async () => {
    const { log } = emptyTable();
    expect(await log.latest()).toBeUndefined();
    expect(await log.head()).toBeUndefined();
    await expect(log.at(0)).rejects.toMatchObject({ code: "table.missing" });
  });

  test("gives back what was committed, by another log over the same store", async () => {
    const { store, log } = emptyTable();
    const created = await createTable(log, metadataOf({ name: "orders", description: "all orders" }));
    const first = committed(await log.commit(append(created, ["a.parquet", "ä b%.parquet"])));
    const second = committed(await log.commit(rewrite(first, ["a.parquet"], { into: ["c.parquet"] })));
    const reopened = await testLog(store).latest();
    expect(reopened?.version).toBe(2);
    expect([...(reopened?.files.keys() ?? [])].toSorted()).toEqual(["c.parquet", "ä b%.parquet"]);
    expect(shownSnapshot(reopened)).toEqual(shownSnapshot(second));
    expect(reopened?.metadata.name).toBe("orders");
  });

  test("advances by reading only the new commits", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const writer = testLog(inner);
    let snapshot = await createTable(writer);
    const store = countingStore(inner);
    const reader = testLog(store);
    await reader.latest();
    store.reset();
    snapshot = committed(await writer.commit(append(snapshot, ["a"])));
    expect(shownSnapshot(await reader.latest())).toEqual(shownSnapshot(snapshot));
    expect(store.counts).toMatchObject({ read: 2, list: 0 });
    store.reset();
    await reader.latest();
    expect(store.counts).toMatchObject({ read: 1, stat: 1, list: 0 });
  });

  test("is loaded once for callers that come together; where that fails, the next looks for himself", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const created = await createTable(testLog(inner));
    const store = countingStore(inner);
    await testLog(store).latest();
    const alone = store.counts.list;
    store.reset();
    const log = testLog(store);
    const found = await Promise.all([log.latest(), log.latest(), log.latest()]);
    expect(found.map((one) => one?.version)).toEqual([created.version, created.version, created.version]);
    expect(store.counts.list).toBe(alone);

    let isBroken = true;
    const broken = testLog(
      new Proxy(inner, {
        get: (target, name) => {
          if (name === "list" && isBroken) {
            isBroken = false;
            throw new Error("the first listing fails");
          }
          const member: unknown = Reflect.get(target, name);
          return typeof member === "function" ? member.bind(target) : member;
        },
      }),
    );
    const [first, second] = await Promise.allSettled([broken.latest(), broken.latest()]);
    expect(first.status).toBe("rejected");
    expect(second).toMatchObject({ status: "fulfilled", value: { version: created.version } });
  });

  test("tells the head from the checksum file, without replay", async () => {
    const inner = memoryStore({ world: simulatedWorld(1) });
    const writer = testLog(inner);
    const created = await createTable(writer);
    for (let at = 0; at < 5; at += 1) {
      const base = (await writer.latest()) ?? created;
      committed(await writer.commit(append(base, [`f${at}`], { txns: [{ appId: "feed", version: at }] })));
    }
    const store = countingStore(inner);
    const head = await testLog(store).head();
    expect(head?.version).toBe(5);
    expect(head?.txns.get("feed")?.version).toBe(4);
    expect(store.counts).toMatchObject({ read: 2, list: 1, stat: 1 });
  });

  test("reads versions of the past, by number and by time", async () => {
    const { log } = emptyTable();
    let snapshot = await createTable(log);
    const times = [snapshot.timestampMs];
    for (const path of ["a", "b", "c"]) {
      snapshot = committed(await log.commit(append(snapshot, [path])));
      times.push(snapshot.timestampMs);
    }
    for (const [version, time] of times.entries()) {
      expect((await log.at(version)).files.size).toBe(version);
      expect((await log.atTime(time)).version).toBe(version);
    }
    await expect(log.at(9)).rejects.toMatchObject({ code: "table.version-missing" });
    await expect(log.atTime((times[0] ?? 0) - 1)).rejects.toMatchObject({ code: "table.version-missing" });
  });

  test("lists its history newest first, and what each commit did", async () => {
    const { log } = emptyTable();
    const created = await createTable(log);
    await log.commit(
      append(created, ["a"], { operationParameters: { mode: "Append" }, operationMetrics: { rows: 3 } }),
    );
    const history = await collected(log.history());
    expect(history.map((entry) => entry.version)).toEqual([1, 0]);
    expect(history[0]?.commitInfo).toMatchObject({
      operation: "WRITE",
      operationParameters: { mode: "Append" },
      operationMetrics: { rows: "3" },
      readVersion: 0,
      isBlindAppend: true,
      engineInfo: expect.stringMatching(/^sluice\/\d/),
    });
    const changes = await collected(log.changes(0, 1));
    expect(changes.map((change) => change.adds.map((add) => add.path))).toEqual([[], ["a"]]);
    await expect(collected(log.changes(0, 2))).rejects.toMatchObject({ code: "table.version-missing" });
  });
});

describe("a commit", () => {
  test("that creates a table which exists meanwhile is told so", async () => {
    const { store, log } = emptyTable();
    await createTable(log);
    const outcome = await testLog(store).commit(creation());
    expect(outcome).toMatchObject({ kind: "conflict", reason: "table-created", winner: 0 });
  });

  test("lands after blind appends that were faster, on every version once", async () => {
    const { store, log } = emptyTable();
    const base = await createTable(log);
    const other = testLog(store);
    await other.commit(append(base, ["theirs"]));
    const snapshot = committed(await log.commit(append(base, ["ours"])));
    expect(snapshot.version).toBe(2);
    expect([...snapshot.files.keys()]).toEqual(["theirs", "ours"]);
  });

  test("of a transaction that is there already is not written again", async () => {
    const { log } = emptyTable();
    const base = await createTable(log);
    const request = append(base, ["a"], { txns: [{ appId: "feed", version: 7 }] });
    committed(await log.commit(request));
    expect(await log.commit(request)).toMatchObject({ kind: "already-applied", version: 1 });
    const latest = await log.latest();
    expect(latest?.version).toBe(1);
    expect(await log.commit({ ...request, base: latest })).toMatchObject({ kind: "already-applied" });
  });

  test("of a transaction that another writer lands meanwhile is not written again", async () => {
    const { store, log } = emptyTable();
    const base = await createTable(log);
    const claim = { txns: [{ appId: "feed", version: 1 }] };
    await testLog(store).commit(append(base, ["a"], claim));
    await testLog(store).commit(append(must(await testLog(store).latest()), ["b"]));
    expect(await log.commit(append(base, ["again"], claim))).toMatchObject({ kind: "already-applied", version: 2 });
    expect((await testLog(store).latest())?.files.has("again")).toBe(false);
  });

  test("asks every commit that came in between, not only the last (F15)", async () => {
    const { store, log } = emptyTable();
    const base = committed(await log.commit(append(await createTable(log), ["a", "b"])));
    const other = testLog(store);
    const removed = committed(await other.commit(rewrite(base, ["a"])));
    let newest = removed;
    for (const path of ["c", "d", "e", "f", "g", "h"]) newest = committed(await other.commit(append(newest, [path])));
    const outcome = await log.commit(rewrite(base, ["a"], { into: ["a2"] }));
    expect(outcome).toMatchObject({ kind: "conflict", winner: removed.version, snapshot: { version: newest.version } });
    expect(committed(await log.commit(rewrite(base, ["b"]))).version).toBe(newest.version + 1);
  });

  test("of a writer that was replaced is refused", async () => {
    const { store, log } = emptyTable();
    const base = await createTable(log);
    const successor = testLog(store);
    await successor.commit(append(base, ["b"], { txns: [{ appId: "feed", version: 2, expected: -1 }] }));
    const late = append(base, ["c"], { txns: [{ appId: "feed", version: 3, expected: -1 }] });
    await expect(log.commit(late)).rejects.toMatchObject({ code: "table.superseded" });
    expect((await testLog(store).latest())?.version).toBe(1);
  });

  test("that expects what only a newer version has is accepted from an old snapshot", async () => {
    const { store, log } = emptyTable();
    const base = await createTable(log);
    await testLog(store).commit(append(base, ["a"], { txns: [{ appId: "feed", version: 1, expected: -1 }] }));
    const outcome = await log.commit(append(base, ["b"], { txns: [{ appId: "feed", version: 2, expected: 1 }] }));
    expect(committed(outcome).version).toBe(2);
  });

  test("writes an accurate checksum file beside itself", async () => {
    const { store, log } = emptyTable();
    const base = await createTable(log);
    const next = committed(await log.commit(append(base, ["a", "b"])));
    await log.commit({ ...rewrite(next, ["a"]), reads: READ_NOTHING });
    const checksum = await readJson(store, "_delta_log/00000000000000000002.crc");
    expect(checksum).toMatchObject({ tableSizeBytes: 100, numFiles: 1, numMetadata: 1, numProtocol: 1 });
  });
});

function emptyTable() {
  const store = memoryStore({ world: simulatedWorld(1) });
  return { store, log: testLog(store) };
}

async function readJson(store: ObjectStore, path: string): Promise<unknown> {
  return parseJson(new TextDecoder().decode(await store.read(path)));
}

function must(snapshot: Snapshot | undefined): Snapshot {
  if (snapshot === undefined) throw new Error("the table exists");
  return snapshot;
}
