import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, struct } from "../../contract/index.ts";
import { faultyStore } from "../../storage/index.ts";
import { append, bytesOf, committed, latestOf, rewrite, testLog } from "../../../test/delta-builders.ts";
import type { DeltaLog } from "../delta-log.ts";
import type { Snapshot } from "../snapshot.ts";
import { tablePlace, type TablePlace } from "../../../test/builders/table-place.ts";
import { restore, type RestoreOptions } from "./restore.ts";
import { vacuum } from "./vacuum.ts";

type Step = { readonly kind: "append" | "replace" | "describe" | "rearrange"; readonly n: number };
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("append" as const, "replace" as const, "describe" as const, "rearrange" as const),
  n: fc.nat(3),
});

async function take(at: TablePlace, { kind, n }: Step, index: number): Promise<void> {
  const base = await latestOf(at.log);
  const name = `f${base.version}-${index}`;
  await at.store.create(name, bytesOf(name));
  const gone = kind === "append" ? [] : [...base.files.keys()].slice(0, n);
  const txns = [{ appId: "feed", version: index }];
  if (kind === "append" || (gone.length === 0 && kind !== "describe")) {
    committed(await at.log.commit(append(base, [name], { txns })));
  } else if (kind === "describe") {
    const { schema: _schema, ...metadata } = base.metadata;
    const configuration = { ...metadata.configuration, step: String(index) };
    committed(await at.log.commit(append(base, [name], { metadata: { ...metadata, configuration } })));
  } else {
    const options = { into: [name], nowMs: at.world.nowMs(), dataChange: kind === "replace" };
    committed(await at.log.commit(rewrite(base, gone, options)));
  }
}

function contentOf(snapshot: Snapshot): unknown {
  const { schemaString, configuration } = snapshot.metadata;
  return { files: [...snapshot.files.keys()].toSorted(), schemaString, configuration };
}

function positionOf(snapshot: Snapshot): number {
  return snapshot.txns.get("feed")?.version ?? -1;
}

describe("restore", () => {
  test("any version comes back, in a new one, and those between stay readable", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), fc.nat(), fc.boolean(), async (...given) => {
        const [steps, any, rewindTxns] = given;
        const at = await tablePlace();
        for (const [index, one] of steps.entries()) await take(at, one, index);
        const before = await latestOf(at.log);
        const version = any % (before.version + 1);
        const target = await at.log.at(version);
        const planned = await restore(at, { version, rewindTxns, dryRun: true });
        expect((await latestOf(at.log)).version).toBe(before.version);
        const outcome = await restore(at, { version, rewindTxns });
        const after = await latestOf(testLog(at.store, at.world));
        expect(contentOf(after)).toEqual(contentOf(target));
        expect(planned).toMatchObject({ filesAdded: outcome.filesAdded, filesRemoved: outcome.filesRemoved });
        expect(positionOf(after)).toBe(positionOf(rewindTxns ? target : before));
        expect(contentOf(await at.log.at(before.version))).toEqual(contentOf(before));
        // And back again.
        await restore(at, { version: before.version });
        expect(contentOf(await latestOf(at.log))).toEqual(contentOf(before));
        await take(at, { kind: "append", n: 0 }, 99);
      }),
      { numRuns: 100 },
    );
  });

  test("a version whose files are gone is not restored by half", async () => {
    const at = await tablePlace();
    for (const [index, kind] of (["append", "append", "replace"] as const).entries()) {
      await take(at, { kind, n: 2 }, index);
    }
    await at.world.sleep(14 * 24 * 3_600_000);
    expect((await vacuum(at)).removed).toHaveLength(2);
    const before = (await latestOf(at.log)).version;
    await expect(restore(at, { version: 2 })).rejects.toMatchObject({
      code: "table.version-missing",
      facts: { missing: 2, of: 2 },
    });
    expect((await latestOf(at.log)).version).toBe(before);
    expect((await restore(at, { version: before })).kind).toBe("nothing");
  });

  test.each([true, false])(
    "files that a vacuum may be about to remove do not come back unless that is allowed (F24; allowed: %s)",
    async (allowExpiredFiles) => {
      const at = await tablePlace();
      for (const [index, kind] of (["append", "append", "replace"] as const).entries()) {
        await take(at, { kind, n: 2 }, index);
      }
      await at.world.sleep(14 * 24 * 3_600_000);
      // A vacuum that has made up its mind and is slow to act on it.
      const plan = [{ operation: "remove", at: 1, effect: { kind: "pause", when: "before" } }] as const;
      const slow = faultyStore(at.store, { world: at.world, plan });
      const vacuuming = vacuum({ ...at, store: slow, log: testLog(slow, at.world) });
      await slow.paused();
      const restoring = restore(at, { version: 2, allowExpiredFiles });
      if (allowExpiredFiles) expect(await restoring).toMatchObject({ kind: "committed", filesAdded: 2 });
      else await expect(restoring).rejects.toMatchObject({ code: "usage.invalid", facts: { expired: 2, of: 2 } });
      slow.release();
      expect((await vacuuming).removed).toHaveLength(2);
      const left = await latestOf(at.log);
      const there = await Promise.all([...left.files.keys()].map(async (path) => await at.store.stat(path)));
      expect(there.every((info) => info !== undefined)).toBe(!allowExpiredFiles);
    },
  );

  test("a file that left the table within the retention comes back under the eyes of a vacuum (F24)", async () => {
    const at = await tablePlace();
    for (const [index, kind] of (["append", "append", "replace"] as const).entries()) {
      await take(at, { kind, n: 2 }, index);
    }
    await at.world.sleep(6 * 24 * 3_600_000);
    expect((await vacuum(at)).removed).toEqual([]);
    const { snapshot } = await restore(at, { version: 2 });
    for (const path of snapshot.files.keys()) expect(await at.store.stat(path)).toBeDefined();
  });

  test("an append that comes in between is gone back behind as well", async () => {
    const at = await tablePlace();
    for (const index of [0, 1]) await take(at, { kind: "append", n: 0 }, index);
    let isFirst = true;
    const racing: DeltaLog = Object.create(at.log, {
      latest: { value: async () => await at.log.latest() },
      at: { value: async (version: number) => await at.log.at(version) },
      commit: {
        value: async (request: Parameters<DeltaLog["commit"]>[0]) => {
          if (isFirst) await take({ ...at, log: testLog(at.store, at.world) }, { kind: "replace", n: 1 }, 7);
          isFirst = false;
          return await at.log.commit(request);
        },
      },
    }) as DeltaLog;
    const outcome = await restore({ ...at, log: racing }, { version: 1 });
    expect(outcome).toMatchObject({ kind: "committed", restored: 1 });
    expect([...outcome.snapshot.files.keys()]).toEqual(["f0-0"]);
  });

  test("columns that were added and go again keep their ids to themselves", async () => {
    const at = await tablePlace();
    const base = await latestOf(at.log);
    const { schema: _schema, ...metadata } = base.metadata;
    const schema = struct([field("value", "long"), field("more", "long")]);
    const schemaString = JSON.stringify(schema);
    const configuration = { "sluice.lastFieldId": "2" };
    await at.log.commit(append(base, [], { metadata: { ...metadata, schemaString, configuration } }));
    const { snapshot } = await restore(at, { version: 0 });
    expect(snapshot.metadata.schemaString).toBe(base.metadata.schemaString);
    expect(snapshot.metadata.configuration).toEqual(configuration);
  });

  test.for<[string, RestoreOptions, string]>([
    ["neither a version nor a moment", {}, "usage.invalid"],
    ["both", { version: 0, timestampMs: 1 }, "usage.invalid"],
    ["a version that is not there", { version: 9 }, "table.version-missing"],
    ["a moment before the table", { timestampMs: 1 }, "table.version-missing"],
  ])("refuses %s", async ([, options, code]) => {
    await expect(restore(await tablePlace(), options)).rejects.toMatchObject({ code });
  });
});
