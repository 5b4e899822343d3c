import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson, simulatedWorld, type JsonObject } from "../../base/index.ts";
import { memoryStore, type ObjectStore } from "../../storage/index.ts";
import { addWithVector, READ_NOTHING, removeOf } from "../index.ts";
import type { AddFile, CommitRequest, DeletionVectorDescriptor, Snapshot } from "../index.ts";
import { addOf, committed, createTable, metadataOf, shownSnapshot, testLog } from "../../../test/delta-builders.ts";

/** What one commit does to a table, in numbers that are made to fit whatever is live then. */
interface Step {
  readonly adds: number;
  readonly removes: readonly number[];
  readonly vectors: readonly number[];
  readonly refreshes: readonly number[];
  readonly txn: number | undefined;
  readonly domain: number | undefined;
}

const picks = fc.array(fc.nat(1000), { maxLength: 3 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    adds: fc.nat(3),
    removes: picks,
    vectors: picks,
    refreshes: picks,
    txn: fc.option(fc.nat(2), { nil: undefined }),
    domain: fc.option(fc.nat(2), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 12 },
);

describe("a snapshot", () => {
  test("is the same by checkpoint, by full replay and by going on from the one before, after every commit", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (history, interval) => {
        const world = simulatedWorld(1);
        const store = memoryStore({ world });
        const log = testLog(store, world);
        const follower = testLog(store);
        const configuration = {
          "delta.checkpointInterval": String(interval),
          "delta.enableDeletionVectors": "true",
        };
        let snapshot = await createTable(log, metadataOf({ configuration }));
        for (const [index, step] of history.entries()) {
          snapshot = committed(await log.commit(requestOf(snapshot, step, index)));
          const shown = shownSnapshot(snapshot);
          expect(shownSnapshot(await follower.latest())).toEqual(shown);
          expect(shownSnapshot(await testLog(store).latest())).toEqual(shown);
          expect(shownSnapshot(await testLog(await commitsOf(store)).latest())).toEqual(shown);
          expect(await checksumOf(store, snapshot.version)).toMatchObject(sumsOf(snapshot));
          const head = await testLog(store).head();
          expect(head?.txns).toEqual(snapshot.txns);
        }
        for (let version = 0; version <= snapshot.version; version += 1) {
          expect((await testLog(store).at(version)).files.size).toBe((await follower.at(version)).files.size);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("forgets the remove of a file that is added again, and of that logical file only", async () => {
    const world = simulatedWorld(1);
    const store = memoryStore({ world });
    const log = testLog(store, world);
    const configuration = { "delta.enableDeletionVectors": "true", "delta.checkpointInterval": "1" };
    const created = await createTable(log, metadataOf({ configuration }));
    const added = committed(await log.commit({ ...request(created), adds: [addOf("a")] }));
    const first = must(added.files.get("a"));
    const vectored = addWithVector(first, vectorOf(1));
    const updated = committed(
      await log.commit({ ...request(added), adds: [vectored], removes: [removeOf(first, world.nowMs())] }),
    );
    const removed = committed(await log.commit({ ...request(updated), removes: [removeOf(vectored, world.nowMs())] }));
    expect([...removed.tombstones]).toHaveLength(2);
    const restored = committed(await log.commit({ ...request(removed), adds: [first] }));
    for (const snapshot of [restored, await testLog(store, world).latest()]) {
      expect([...(snapshot?.tombstones ?? [])].map((remove) => remove.deletionVector?.offset)).toEqual([1]);
      expect([...(snapshot?.files.keys() ?? [])]).toEqual(["a"]);
    }
  });

  test("leaves out removes whose time is over, and checkpoints do, too", async () => {
    const world = simulatedWorld(1);
    const store = memoryStore({ world });
    const log = testLog(store, world);
    const created = await createTable(log, metadataOf({ configuration: { "delta.checkpointInterval": "1" } }));
    const added = committed(await log.commit({ ...request(created), adds: [addOf("a"), addOf("b")] }));
    const old = removeOf(must(added.files.get("a")), world.nowMs() - 8 * 86_400_000);
    const young = removeOf(must(added.files.get("b")), world.nowMs() - 6 * 86_400_000);
    const snapshot = committed(await log.commit({ ...request(added), removes: [old, young] }));
    expect([...snapshot.tombstones].map((remove) => remove.path)).toEqual(["b"]);
    const reopened = await testLog(store, world).latest();
    expect([...(reopened?.tombstones ?? [])].map((remove) => remove.path)).toEqual(["b"]);
  });
});

function requestOf(base: Snapshot, step: Step, index: number): CommitRequest {
  const live = [...base.files.values()];
  const chosen = new Set<string>();
  const pick = (numbers: readonly number[]): AddFile[] =>
    numbers.flatMap((number) => {
      const file = live[number % Math.max(1, live.length)];
      if (file === undefined || chosen.has(file.path)) return [];
      chosen.add(file.path);
      return [file];
    });
  const nowMs = 1_767_225_600_000 + index;
  const removed = pick(step.removes);
  const updated = pick(step.vectors);
  const refreshed = pick(step.refreshes);
  return {
    ...request(base),
    adds: [
      ...Array.from({ length: step.adds }, (_, at) => addOf(`f${index}-${at} ü%.parquet`, { sizeBytes: 10_000 * at })),
      ...updated.map((add) => addWithVector(add, vectorOf(index))),
      ...refreshed.map((add) => ({
        ...add,
        dataChange: false,
        stats: '{"numRecords":10,"maxValues":{"value":9007199254740993}}',
      })),
    ],
    removes: [...removed, ...updated].map((add) => removeOf(add, nowMs)),
    ...(step.txn === undefined ? {} : { txns: [{ appId: `app${step.txn}`, version: index }] }),
  };
}

function request(base: Snapshot): CommitRequest {
  return { base, operation: "TEST", adds: [], removes: [], reads: READ_NOTHING };
}

function vectorOf(index: number): DeletionVectorDescriptor {
  return {
    storageType: "u",
    pathOrInlineDv: `${"0".repeat(18)}0${index % 10}`,
    offset: index,
    sizeInBytes: 40,
    cardinality: 1,
  };
}

/** The same log without checkpoints and hint. */
async function commitsOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = memoryStore({ world: simulatedWorld(1) });
  for await (const { path } of store.list("_delta_log/")) {
    if (path.endsWith(".json")) await copy.create(path, await store.read(path));
  }
  return copy;
}

async function checksumOf(store: ObjectStore, version: number): Promise<JsonObject> {
  const body = await store.read(`_delta_log/${String(version).padStart(20, "0")}.crc`);
  return parseJson(new TextDecoder().decode(body)) as JsonObject;
}

/** What the checksum file must say, counted anew. */
function sumsOf(snapshot: Snapshot): JsonObject {
  const files = [...snapshot.files.values()];
  const vectors = files.flatMap((file) => file.deletionVector ?? []);
  const bins = [0, 0];
  for (const file of files) bins[file.sizeBytes < 8192 ? 0 : 1] = (bins[file.sizeBytes < 8192 ? 0 : 1] ?? 0) + 1;
  return {
    numFiles: files.length,
    tableSizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    numDeletionVectorsOpt: vectors.length,
    numDeletedRecordsOpt: vectors.reduce((sum, vector) => sum + vector.cardinality, 0),
    setTransactions: [...snapshot.txns.values()].map((txn) => ({ ...txn })),
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test's file is live");
  return value;
}
