import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson, simulatedWorld, stringifyJson, type JsonObject, type SluiceError } from "../../base/index.ts";
import { countingStore, memoryStore, type ObjectStore } from "../../storage/index.ts";
import {
  VALUE_SCHEMA,
  addOf,
  append,
  bytesOf,
  commitFile,
  committed,
  creation,
  latestOf,
  metadataOf,
  shownSnapshot,
  tableWithHistory,
  testLog,
  textOf,
  warningLog,
} from "../../../test/delta-builders.ts";
import { addWithVector, protocolFor, removeOf, type AddFile, type DeltaLog, type Snapshot } from "../index.ts";

const NOW_MS = 1_767_225_600_000;

describe("a log with compactions", () => {
  test("is the same as without, whatever stretches they are of and whatever they cover", async () => {
    const stretches = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { minLength: 1, maxLength: 4 });
    const checkpoint = fc.constantFrom("2", "5", "100");
    await fc.assert(
      fc.asyncProperty(fc.integer(), stretches, checkpoint, async (seed, ranges, interval) => {
        const store = await history(seed, interval);
        const without = await shownVersions(testLog(store));
        for (const [left, right] of ranges) await compact(store, Math.min(left, right), Math.max(left, right));
        expect(await shownVersions(testLog(store))).toEqual(without);
      }),
      { numRuns: 25 },
    );
  });

  test("is read with fewer requests, and goes on and is followed as before", async () => {
    const inner = await history(7, "100");
    await compact(inner, 0, 5);
    await compact(inner, 0, 3);
    await compact(inner, 6, 11);
    const store = countingStore(inner);
    const snapshot = await latestOf(testLog(store));
    // The hint, two compactions, the last commit, the checksum, and a look for the next one.
    expect(store.counts.read).toBe(6);
    expect(snapshot.version).toBe(12);
    const log = testLog(store);
    const next = committed(await log.commit(append(await latestOf(log), ["more"])));
    expect(shownSnapshot(await testLog(inner).latest())).toEqual(shownSnapshot(next));
  });

  test("does without one that is cut off, empty, no JSON or of another kind, and says which", async () => {
    const store = await history(3, "100");
    const expected = shownSnapshot(await testLog(store).latest());
    const path = await compact(store, 0, 9);
    const whole = textOf(await store.read(path));
    const live = whole.split("\n").find((line) => line.startsWith('{"add"')) ?? "";
    for (const body of [
      "",
      "\n",
      "{",
      "[]",
      whole.slice(0, -20),
      `${whole}${live}\n`,
      `${whole}{"sidecar":{"path":"x"}}`,
    ]) {
      await store.replace(path, bytesOf(body));
      const warnings: SluiceError[] = [];
      expect(shownSnapshot(await warningLog(store, warnings).latest())).toEqual(expected);
      expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining("compacted.json")]);
    }
  });

  test("does without one that has forgotten what went, and without a checksum without any that has something before it", async () => {
    for (const kind of ["remove", "domainMetadata"]) {
      const store = await history(5, "100");
      const expected = shownSnapshot(await testLog(store).latest());
      const path = await compact(store, 8, 12);
      const lines = textOf(await store.read(path)).split("\n");
      const fewer = lines.filter((line) => !line.startsWith(`{"${kind}"`));
      expect(fewer.length).toBeLessThan(lines.length);
      await store.replace(path, bytesOf(fewer.join("\n")));
      const warnings: SluiceError[] = [];
      expect(shownSnapshot(await warningLog(store, warnings).latest())).toEqual(expected);
      expect(warnings[0]?.message).toMatch(/compacted\.json: .*checksum/);
      await store.remove([commitFile(12).replace("json", "crc")]);
      expect(shownSnapshot(await testLog(store).latest())).toEqual(expected);
    }
  });

  test("does not make up for a commit that is missing", async () => {
    const store = await tableWithHistory(6);
    await compact(store, 0, 5);
    await store.remove([commitFile(3)]);
    await expect(testLog(store).latest()).rejects.toThrow(/0003\.json is missing/);
  });

  test("keeps the times that commits tell themselves", async () => {
    const store = await tableWithHistory(6, { "delta.enableInCommitTimestamps": "true" });
    const { timestampMs } = await latestOf(testLog(store));
    await compact(store, 0, 6);
    expect((await latestOf(testLog(store))).timestampMs).toBe(timestampMs);
  });
});

/** A table of twelve commits that add, remove and update files, and set and remove domains. */
async function history(seed: number, checkpointInterval: string): Promise<ObjectStore> {
  const world = simulatedWorld(seed);
  const store = memoryStore({ world });
  const log = testLog(store);
  const configuration = { "delta.enableDeletionVectors": "true", "delta.checkpointInterval": checkpointInterval };
  const metadata = metadataOf({ configuration });
  const protocol = protocolFor({ ...metadata, schema: VALUE_SCHEMA }, undefined, ["domainMetadata"]);
  let snapshot = committed(await log.commit({ ...creation(metadata), protocol }));
  for (let version = 1; version <= 12; version += 1) {
    const live = [...snapshot.files.values()];
    const picked = live.filter(() => world.random() < 0.4);
    // Versions 9 and 10 make sure that something of before goes.
    const touched = picked.length === 0 && version > 8 ? live.slice(0, 1) : picked;
    const [removed, updated] = [touched.slice(0, 1), touched.slice(1)];
    const isDomainVersion = version % 4 === 2;
    snapshot = committed(
      await log.commit({
        ...append(snapshot, [`f${version}`]),
        adds: [addOf(`f${version}`, { sizeBytes: 100 + version }), ...updated.map((add) => withVector(add, version))],
        removes: [...removed, ...updated].map((add) => removeOf(add, NOW_MS + version)),
        domains: isDomainVersion ? [{ domain: "some", configuration: String(version), removed: version === 10 }] : [],
        txns: version % 3 === 0 ? [{ appId: `app${version % 2}`, version }] : [],
      }),
    );
  }
  return store;
}

function withVector(add: AddFile, version: number): AddFile {
  const pathOrInlineDv = `${"0".repeat(18)}${String(version).padStart(2, "0")}`;
  return addWithVector(add, {
    storageType: "u",
    pathOrInlineDv,
    offset: 1,
    sizeInBytes: 40,
    cardinality: Math.min(version, 10),
  });
}

/** What a log says of each of its versions. */
async function shownVersions(log: DeltaLog): Promise<readonly unknown[]> {
  const newest: Snapshot = await latestOf(log);
  const shown: unknown[] = [shownSnapshot(newest)];
  for (let version = 0; version <= newest.version; version += 1) shown.push(shownSnapshot(await log.at(version)));
  return shown;
}

/** Writes the compaction of a stretch (Delta PROTOCOL, "Action Reconciliation"): of each key the newest action. */
async function compact(store: ObjectStore, from: number, to: number): Promise<string> {
  const newest = new Map<string, JsonObject>();
  for (let version = from; version <= to; version += 1) {
    for (const line of textOf(await store.read(commitFile(version))).split("\n")) {
      if (line === "") continue;
      const action = parseJson(line) as Record<string, JsonObject>;
      const [kind = "", members = {}] = Object.entries(action)[0] ?? [];
      if (kind !== "commitInfo") newest.set(keyOf(kind, members), action);
    }
  }
  const name = `${commitFile(from).replace(".json", "")}.${String(to).padStart(20, "0")}.compacted.json`;
  const lines = [...newest.values()].map((action) => `${stringifyJson(action)}\n`);
  await store.replace(name, bytesOf(lines.join("")));
  return name;
}

function keyOf(kind: string, { path, deletionVector, appId, domain }: JsonObject): string {
  if (kind === "add" || kind === "remove") return stringifyJson([path ?? null, deletionVector ?? null]);
  return stringifyJson([kind, appId ?? domain ?? null]);
}
