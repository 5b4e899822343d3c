import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { memoryStore, type ObjectStore } from "../../storage/index.ts";
import {
  append,
  bytesOf,
  committed,
  latestOf,
  rewrite,
  shownSnapshot,
  testLog,
  textOf,
  warningLog,
} from "../../../test/delta-builders.ts";
import { tablePlace, type TablePlace } from "../../../test/builders/table-place.ts";

const DAY_MS = 24 * 3_600_000;

/** A table with a checkpoint every so many commits and a commit a day. */
async function tableOfDays(days: number, checkpointEvery: number, policy = "classic"): Promise<TablePlace> {
  const at = await tablePlace({
    "delta.checkpointInterval": String(checkpointEvery),
    "delta.checkpointPolicy": policy,
  });
  const { world, log } = at;
  for (let day = 1; day <= days; day += 1) {
    await world.sleep(DAY_MS);
    const base = await latestOf(log);
    const [oldest] = base.files.keys();
    const gone = day % 3 === 0 && oldest !== undefined ? [oldest] : [];
    const request = gone.length === 0 ? append(base, [`f${day}`]) : rewrite(base, gone, { into: [`f${day}`] });
    committed(await log.commit(request));
  }
  return at;
}

async function logOf(store: ObjectStore): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { path } of store.list("_delta_log/")) names.push(path.slice("_delta_log/".length));
  return names;
}

/** Sidecars that the checkpoints which are there refer to. */
async function sidecarsUsed(store: ObjectStore): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (const name of await logOf(store)) {
    if (!/^\d{20}\.checkpoint\.[0-9a-f-]{36}\.parquet$/.test(name)) continue;
    const text = textOf(await store.read(`_delta_log/${name}`));
    for (const [, path] of text.matchAll(/"sidecar":\{"path":"([^"]+)"/g)) used.add(`_sidecars/${path}`);
  }
  return used;
}

function pathOf(version: number, ending: string): string {
  return `_delta_log/${String(version).padStart(20, "0")}${ending}`;
}

function sidecar(name: string): string {
  return `_delta_log/_sidecars/${name}.parquet`;
}

describe("cleaning a log", () => {
  test("what stays reads as before, from every version on that is said to", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 0, max: 35 }),
        fc.constantFrom("classic", "v2"),
        async (days, checkpointEvery, retentionDays, policy) => {
          const at = await tableOfDays(days, checkpointEvery, policy);
          const before: unknown[] = [];
          for (let version = 0; version <= days; version += 1) before.push(shownSnapshot(await at.log.at(version)));
          const names = await logOf(at.store);
          const planned = await at.log.cleanUp({ retentionMs: retentionDays * DAY_MS, dryRun: true });
          expect(await logOf(at.store)).toEqual(names);
          const report = await at.log.cleanUp({ retentionMs: retentionDays * DAY_MS });
          expect(report).toEqual({ ...planned, isDryRun: false });
          const reader = testLog(at.store, at.world);
          expect(shownSnapshot(await reader.latest())).toEqual(before[days]);
          for (let version = report.oldestVersion; version <= days; version += 1) {
            expect(shownSnapshot(await reader.at(version))).toEqual(before[version]);
          }
          for (let version = 0; version < report.oldestVersion; version += 1) {
            await expect(reader.at(version)).rejects.toMatchObject({ code: "table.version-missing" });
          }
          // Checkpoints behind which there may be what a reader does not know stay until all before them goes (checkpointProtection).
          const kept = names.filter(
            (name) => name.includes(".checkpoint.") && Number(name.slice(0, 20)) >= report.oldestVersion,
          );
          expect(await logOf(at.store)).toEqual(expect.arrayContaining(kept));
          // Nothing that is younger goes, and one checkpoint more than that.
          expect(report.oldestVersion).toBeLessThanOrEqual(Math.max(0, days - retentionDays));
          expect(days - retentionDays - report.oldestVersion).toBeLessThanOrEqual(checkpointEvery + 1);
          const left = (await logOf(at.store)).filter((name) => name.startsWith("_sidecars/"));
          const used = await sidecarsUsed(at.store);
          const young = report.oldestVersion < days ? 0 : 1;
          expect(left.filter((name) => !used.has(name)).length).toBeLessThanOrEqual(young);
          for (const name of used) expect(left).toContain(name);
          committed(await reader.commit(append(await latestOf(reader), ["next"])));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("keeps a month by default, or as long as the table says", async () => {
    const at = await tableOfDays(40, 5);
    expect((await at.log.cleanUp({ dryRun: true })).oldestVersion).toBe(9);
    const base = await latestOf(at.log);
    const configuration = { ...base.metadata.configuration, "delta.logRetentionDuration": "interval 2 days" };
    const { schema: _schema, ...metadata } = base.metadata;
    const request = append(base, []);
    committed(await at.log.commit({ ...request, metadata: { ...metadata, configuration } }));
    expect((await at.log.cleanUp()).oldestVersion).toBe(34);
  });

  test("keeps the versions that somebody has yet to read one by one", async () => {
    const at = await tableOfDays(30, 5);
    const report = await at.log.cleanUp({ retentionMs: 0, keepAfterVersion: 13 });
    expect(report.oldestVersion).toBe(14);
    const versions: number[] = [];
    for await (const { version } of at.log.changes(14, 30)) versions.push(version);
    expect(versions).toHaveLength(17);
  });

  test("rests on no checkpoint that cannot be read", async () => {
    const at = await tableOfDays(30, 5);
    await at.store.replace(pathOf(24, ".checkpoint.parquet"), bytesOf('{"protocol":'));
    await at.store.replace(pathOf(29, ".checkpoint.parquet"), bytesOf('{"txn":{"appId":"a","version":1}}\n'));
    const warnings: Parameters<typeof warningLog>[1] = [];
    const report = await warningLog(at.store, warnings).cleanUp({ retentionMs: 0 });
    expect(report.oldestVersion).toBe(19);
    expect(warnings.length).toBeGreaterThan(1);
    expect((await warningLog(at.store, []).latest())?.version).toBe(30);
  });

  test("without a checkpoint nothing goes", async () => {
    const at = await tableOfDays(8, 100);
    const names = await logOf(at.store);
    expect(await at.log.cleanUp({ retentionMs: 0 })).toMatchObject({ oldestVersion: 0, removed: [] });
    expect(await logOf(at.store)).toEqual(names);
  });

  test("takes old compactions, and sidecars that nothing refers to, once they are a day old", async () => {
    const at = await tableOfDays(12, 5);
    const between = (from: number, to: number): string =>
      pathOf(from, `.${String(to).padStart(20, "0")}.compacted.json`);
    for (const [from, to] of [
      [1, 3],
      [9, 12],
      [11, 12],
    ] as const)
      await at.store.create(between(from, to), bytesOf("{}\n"));
    await at.store.create(
      sidecar("used"),
      bytesOf('{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":false}}\n'),
    );
    await at.store.create(sidecar("unused"), bytesOf("\n"));
    const protocol =
      '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"],"writerFeatures":["v2Checkpoint"]}}';
    const named = '{"sidecar":{"path":"used.parquet","sizeInBytes":10,"modificationTime":1}}';
    await at.store.create(
      pathOf(11, ".checkpoint.11111111-1111-4111-8111-111111111111.json"),
      bytesOf([protocol, named].join("\n")),
    );
    await at.world.sleep(2 * DAY_MS);
    await at.store.create(sidecar("young"), bytesOf("\n"));
    const { removed } = await at.log.cleanUp({ retentionMs: 4 * DAY_MS });
    const gone = removed.map(({ path }) => path);
    expect(gone).toContain(between(1, 3));
    expect(gone).toContain(between(9, 12));
    expect(gone).toContain(sidecar("unused"));
    expect(gone).not.toContain(between(11, 12));
    const names = await logOf(at.store);
    expect(names).toContain("_sidecars/used.parquet");
    expect(names).toContain("_sidecars/young.parquet");
  });

  test("fails where there is no table", async () => {
    await expect(testLog(memoryStore({ world: simulatedWorld(1) })).cleanUp()).rejects.toMatchObject({
      code: "table.missing",
    });
  });
});
