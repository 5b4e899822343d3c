import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson, simulatedWorld, type JsonObject } from "../../base/index.ts";
import { memoryStore } from "../../storage/index.ts";
import {
  addOf,
  append,
  collected,
  committed,
  creation,
  createTable,
  latestOf,
  metadataOf,
  rewrite,
  testLog,
} from "../../../test/delta-builders.ts";
import type { MetadataAction, ProtocolAction } from "../actions.ts";
import { protocolFor } from "../features/protocol-for.ts";
import type { Snapshot } from "../snapshot.ts";

const OWN_TIME = { "delta.enableInCommitTimestamps": "true" };

test("commits that tell their own time tell a later one each, whatever the clocks of their writers say", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1), { maxLength: 12 }), fc.boolean(), async (writers, later) => {
      const world = simulatedWorld(7);
      const slow = { ...world, nowMs: () => world.nowMs() - 3_600_000 };
      const store = memoryStore({ world });
      const logs = [testLog(store, world), testLog(store, slow)] as const;
      let snapshot = await createTable(logs[0], metadataOf({ configuration: later ? {} : OWN_TIME }));
      if (later) {
        const metadata = withConfiguration(snapshot, OWN_TIME);
        const base = committed(await logs[0].commit(append(snapshot, ["before"])));
        // On top of an old version: what it says of itself is that of where it lands.
        const protocol = protocolFor({ ...metadata, schema: base.metadata.schema }, base.protocol);
        snapshot = committed(await logs[0].commit({ ...append(snapshot, []), metadata, protocol }));
        expect(snapshot.metadata.configuration).toMatchObject({
          "delta.inCommitTimestampEnablementVersion": "2",
          "delta.inCommitTimestampEnablementTimestamp": String(snapshot.timestampMs),
        });
      }
      const old = snapshot;
      const times = [snapshot.timestampMs];
      for (const [index, writer] of writers.entries()) {
        // Every second one commits on an old version and is placed after all that came in between.
        const base = index % 2 === 0 ? old : snapshot;
        snapshot = committed(await (writer === 0 ? logs[0] : logs[1]).commit(append(base, [`f${index}`])));
        times.push(snapshot.timestampMs);
      }
      expect(times).toEqual([...new Set(times)].toSorted((left, right) => left - right));
      const reread = await latestOf(testLog(store, world));
      expect(reread.timestampMs).toBe(times.at(-1));
      const entries = (await collected(logs[0].history())).slice(0, times.length);
      expect(entries.map((entry) => entry.timestampMs).toReversed()).toEqual(times);
      for (const [index, timestampMs] of times.entries()) {
        const found = await testLog(store, world).atTime(timestampMs);
        expect(found.version).toBe(snapshot.version - times.length + 1 + index);
      }
    }),
    { numRuns: 40 },
  );
});

test("rows of a table that tracks them get ids that no other row has, wherever a commit lands", async () => {
  const store = memoryStore({ world: simulatedWorld(1) });
  const log = testLog(store);
  const metadata = metadataOf();
  const protocol: ProtocolAction = {
    minReaderVersion: 1,
    minWriterVersion: 7,
    writerFeatures: ["domainMetadata", "rowTracking"],
  };
  const empty = committed(await log.commit({ ...creation(metadata), protocol }));
  committed(await log.commit(append(empty, ["a", "b"])));
  // Both on the empty version.
  committed(await log.commit(append(empty, ["c"])));
  const both = await latestOf(log);
  const kept = committed(await log.commit(rewrite(both, ["b"], { into: ["d"] })));
  committed(await log.commit({ ...append(kept, []), adds: [{ ...fileOf(kept, "a"), tags: { x: "y" } }] }));
  const snapshot = await latestOf(testLog(store));
  const ids = [...snapshot.files.values()].map(({ path, extra }) => [path, Number(extra?.["baseRowId"])]);
  expect(Object.fromEntries(ids)).toEqual({ a: 0, c: 20, d: 30 });
  const versions = [...snapshot.files.values()].map(({ path, extra }) => [path, extra?.["defaultRowCommitVersion"]]);
  expect(Object.fromEntries(versions)).toEqual({ a: 1, c: 2, d: 3 });
  const mark = parseJson(snapshot.domains.get("delta.rowTracking")?.configuration ?? "") as JsonObject;
  expect(mark).toEqual({ rowIdHighWaterMark: 39 });
  const uncounted = { ...append(snapshot, []), adds: [addOf("e", { stats: "{}" })] };
  await expect(log.commit(uncounted)).rejects.toMatchObject({ code: "table.unsupported" });
});

function fileOf(snapshot: Snapshot, path: string): ReturnType<typeof addOf> {
  return snapshot.files.get(path) ?? addOf(path);
}

function withConfiguration(snapshot: Snapshot, configuration: Record<string, string>): MetadataAction {
  const { schema: _schema, ...metadata } = snapshot.metadata;
  return { ...metadata, configuration: { ...metadata.configuration, ...configuration } };
}
