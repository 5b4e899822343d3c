import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { countingStore, memoryStore, type ObjectStore } from "../../storage/index.ts";
import {
  append,
  bytesOf,
  committed,
  createTable,
  latestOf,
  metadataOf,
  rewrite,
  testLog,
} from "../../../test/delta-builders.ts";
import { field, struct } from "../../contract/index.ts";
import { addWithVector, removeOf } from "../builders.ts";
import { READ_NOTHING } from "../transaction.ts";
import { vectorPath, writeDeletionVectors } from "../vectors/deletion-vectors.ts";
import { RowSet } from "../vectors/row-set.ts";
import { tablePlace, type TablePlace } from "../../../test/builders/table-place.ts";
import { vacuum, type VacuumOptions, type VacuumReport } from "./vacuum.ts";

const DAY_SCHEMA = struct([field("value", "long"), field("_day", "string")]);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

async function put({ store }: TablePlace, path: string): Promise<void> {
  await store.create(path, bytesOf(path));
}

async function add(at: TablePlace, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await put(at, path);
  committed(await at.log.commit(append(await latestOf(at.log), paths)));
}

async function replace(at: TablePlace, gone: readonly string[], ...paths: readonly string[]): Promise<void> {
  for (const path of paths) await put(at, path);
  committed(await at.log.commit(rewrite(await latestOf(at.log), gone, { into: paths, nowMs: at.world.nowMs() })));
}

async function clean(at: TablePlace, options: VacuumOptions = {}): Promise<VacuumReport> {
  return await vacuum({ ...at }, options);
}

async function dataOf({ store }: TablePlace): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of store.list("")) if (!path.startsWith("_delta_log/")) paths.push(path);
  return paths;
}

function rowSet(row: number): RowSet {
  const set = new RowSet();
  set.add(row);
  return set;
}

describe("vacuum", () => {
  type Step = { readonly kind: "add" | "replace" | "orphan" | "wait"; readonly n: number };
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom("add" as const, "replace" as const, "orphan" as const, "wait" as const),
    n: fc.nat(10),
  });

  test("takes exactly what left the table, or was never in it, longer ago than the retention", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, isDryRun) => {
        const at = await tablePlace();
        const live = new Set<string>();
        /** When a file was last needed by anybody. */
        const neededMs = new Map<string, number>();
        for (const [index, { kind, n }] of steps.entries()) {
          const name = `f${index}.parquet`;
          if (kind === "wait") await at.world.sleep(n * DAY_MS);
          if (kind === "orphan") await put(at, name);
          if (kind === "add") await add(at, name);
          const gone = kind === "replace" ? [...live].slice(0, n) : [];
          if (kind === "replace") await replace(at, gone, name);
          for (const path of gone) live.delete(path);
          for (const path of [...gone, name]) neededMs.set(path, at.world.nowMs());
          if (kind === "add" || kind === "replace") live.add(name);
          if (kind === "wait") neededMs.delete(name);
        }
        const before = await dataOf(at);
        const cutoffMs = at.world.nowMs() - WEEK_MS;
        const expired = before.filter((path) => !live.has(path) && (neededMs.get(path) ?? 0) < cutoffMs);
        const report = await clean(at, { dryRun: isDryRun });
        expect(report.removed.map(({ path }) => path).toSorted()).toEqual(expired.toSorted());
        const left = isDryRun ? before : before.filter((path) => !expired.includes(path));
        expect(await dataOf(at)).toEqual(left);
      }),
      { numRuns: 100 },
    );
  });

  test("leaves a file alone that is committed while it looks", async () => {
    const at = await tablePlace();
    await put(at, "late.parquet");
    await at.world.sleep(2 * WEEK_MS);
    const store: ObjectStore = {
      ...countingStore(at.store),
      list: async function* (prefix, after) {
        yield* at.store.list(prefix, after);
        if (prefix === "") committed(await at.log.commit(append(await latestOf(at.log), ["late.parquet"])));
      },
    };
    expect((await vacuum({ ...at, store })).removed).toEqual([]);
    expect(await dataOf(at)).toEqual(["late.parquet"]);
  });

  test("a retention shorter than the table's own needs to be allowed", async () => {
    const at = await tablePlace();
    await add(at, "a");
    await replace(at, ["a"], "b");
    await at.world.sleep(HOUR_MS);
    await expect(clean(at, { retentionMs: 0 })).rejects.toMatchObject({ code: "usage.invalid" });
    expect((await clean(at, { retentionMs: 2 * HOUR_MS, allowShortRetention: true })).removed).toEqual([]);
    expect((await clean(at, { retentionMs: 0, allowShortRetention: true })).removed).toMatchObject([{ path: "a" }]);
    expect(await dataOf(at)).toEqual(["b"]);
  });

  test("the table's own retention counts, and a longer one reaches back beyond what the newest version remembers", async () => {
    const at = await tablePlace({ "delta.deletedFileRetentionDuration": "interval 1 day" });
    await add(at, "a");
    await replace(at, ["a"], "b");
    await at.world.sleep(3 * DAY_MS);
    await replace(at, ["b"], "c");
    expect((await clean(at, { retentionMs: WEEK_MS })).removed).toEqual([]);
    expect((await clean(at)).removed).toMatchObject([{ path: "a" }]);
    expect(await dataOf(at)).toEqual(["b", "c"]);
  });

  test("keeps the files of versions that somebody has yet to read", async () => {
    const at = await tablePlace();
    await add(at, "a");
    await add(at, "b");
    await replace(at, ["a", "b"], "c");
    await at.world.sleep(2 * WEEK_MS);
    expect((await clean(at, { keepAfterVersion: 1, dryRun: true })).removed.map(({ path }) => path)).toEqual([]);
    expect((await clean(at, { keepAfterVersion: 3 })).removed.map(({ path }) => path)).toEqual(["a", "b"]);
  });

  test("keeps deletion vectors as long as the files that they belong to", async () => {
    const at = await tablePlace({ "delta.enableDeletionVectors": "true" });
    const { world, store, log } = at;
    await add(at, "a");
    const paths: string[] = [];
    for (const row of [0, 1]) {
      await world.sleep(4 * DAY_MS);
      const base = await latestOf(log);
      const file = [...base.files.values()][0];
      const [vector] = await writeDeletionVectors(store, [rowSet(row)], world);
      if (file === undefined || vector === undefined) throw new Error("there is a file and a vector");
      paths.push(vectorPath(vector, store) ?? "");
      const changed = { ...addWithVector(file, vector), stats: '{"numRecords":3}' };
      const removes = [removeOf(file, world.nowMs())];
      committed(await log.commit({ base, operation: "DELETE", adds: [changed], removes, reads: READ_NOTHING }));
    }
    expect((await clean(at)).removed).toEqual([]);
    await world.sleep(2 * WEEK_MS);
    expect((await clean(at)).removed).toMatchObject([{ path: paths[0] }]);
    expect(await dataOf(at)).toEqual(["a", paths[1]]);
  });

  test("hidden folders are not the table's, but partition folders and change data are", async () => {
    const world = simulatedWorld(1);
    const store = memoryStore({ world });
    const log = testLog(store, world);
    await createTable(log, metadataOf({ partitionColumns: ["_day"], schema: DAY_SCHEMA }), DAY_SCHEMA);
    const at = { name: "t", world, store, log };
    const kept = ["_mine/x", ".hidden", "_file", "p/.x.crc", "_Day/x", "sub/_change_data/x", "_other=1/x"];
    const gone = ["_day=1/x", "_Day=1/y", "%5Fday=1/z", "_change_data/x", "plain", "p/q/x"];
    for (const path of [...kept, ...gone]) await put(at, path);
    await world.sleep(2 * WEEK_MS);
    expect((await clean(at)).removed.map(({ path }) => path).toSorted()).toEqual(gone.toSorted());
    expect([...(await dataOf(at))].toSorted()).toEqual(kept.toSorted());
  });

  test("a clock that was set back keeps nothing for ever, and takes nothing that is young", async () => {
    const at = await tablePlace();
    await add(at, "a");
    await replace(at, ["a"], "b");
    await at.world.sleep(2 * WEEK_MS);
    await add(at, "c");
    const world = simulatedWorld(2, Date.UTC(2025, 0, 1));
    expect((await vacuum({ ...at, world })).removed).toMatchObject([{ path: "a" }]);
  });

  test("a table with a feature that is not understood is not cleaned", async () => {
    const at = await tablePlace();
    await at.store.create(
      "_delta_log/00000000000000000001.json",
      bytesOf('{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["featureOfTomorrow"]}}\n'),
    );
    await expect(clean(at)).rejects.toMatchObject({ code: "table.unsupported" });
    await expect(vacuum({ ...at, name: "t", log: testLog(memoryStore({ world: at.world })) })).rejects.toMatchObject({
      code: "table.missing",
    });
  });
});
