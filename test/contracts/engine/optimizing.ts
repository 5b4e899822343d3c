import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import { parseStats, type DeltaLog, type Snapshot } from "../../../src/delta/index.ts";
import type { OpenTable, OptimizeOutcome, Row, WriteOutcome } from "../../../src/engine/index.ts";
import { lakeUnderTest, rowsOf, STORE_KINDS, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("part", "string"), field("count", "long")]);
const VECTORS = { "delta.enableDeletionVectors": "true" };

type Step =
  | { readonly kind: "append"; readonly ids: readonly number[] }
  | { readonly kind: "merge"; readonly ids: readonly number[] }
  | { readonly kind: "delete"; readonly below: number }
  | { readonly kind: "optimize" };

const ids = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("append" as const), ids }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("merge" as const),
      ids: fc.uniqueArray(ids).map((all) => [...new Set(all.flat())]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), below: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "optimize" as const }) },
);

function rowsWith(numbers: readonly number[]): readonly Row[] {
  const parts = ["a", "x=y", null, "b c/ü"];
  return numbers.map((id) => ({ id: BigInt(id), part: parts[id % parts.length] ?? null, count: 1n }));
}

async function take(table: TableUnderTest, one: Step): Promise<WriteOutcome | OptimizeOutcome> {
  const { engine } = table;
  switch (one.kind) {
    case "append":
      return await table.append(SCHEMA, rowsWith(one.ids));
    case "merge": {
      // Appends may have made copies of a key: all of them get the count.
      const source = rowsOf(SCHEMA, rowsWith(one.ids));
      return await engine.merge(await table.open(), {
        source,
        keys: ["id"],
        matched: { set: { count: "target.count + source.count" } },
      });
    }
    case "delete":
      return await engine.delete(await table.open(), `id < ${one.below}`);
    case "optimize":
      return await engine.optimize(await table.open());
  }
}

const ALL = "select * from t order by all";

export function optimizing(make: MakeEngine): void {
  describe("optimizing", () => {
    test("whatever was written, the rows stay the same, old versions read, and there is nothing left to do", async () => {
      await using lake = await lakeUnderTest(make);
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 8 }),
          fc.boolean(),
          fc.boolean(),
          async (steps, isPartitioned, hasVectors) => {
            const table = lake.table(lake.store("memory"));
            await table.create({
              schema: SCHEMA,
              ...(isPartitioned ? { partitionColumns: ["part"] } : {}),
              ...(hasVectors ? { properties: VECTORS } : {}),
            });
            for (const one of steps) await take(table, one);
            const before = await table.rows(ALL);
            const version = (await table.open()).snapshot?.version ?? 0;
            const protocol = (await table.open()).snapshot?.protocol;
            const outcome = await lake.engine.optimize(await table.open());
            expect(await table.rows(ALL)).toEqual(before);
            expect(await table.rows(ALL, version)).toEqual(before);
            expect(outcome.snapshot.protocol).toEqual(protocol);
            expectTidy(outcome.snapshot);
            await expectNoDataChange(table, version, outcome);
            expect(await lake.engine.optimize(await table.open())).toMatchObject({ kind: "nothing" });
          },
        ),
        { numRuns: 25 },
      );
    }, 120_000);

    test.for(STORE_KINDS)("statistics and partition values are those of a first write (%s)", async (kind) => {
      await using lake = await lakeUnderTest(make);
      const [table, fresh] = [lake.table(lake.store(kind)), lake.table(lake.store(kind))];
      const creation = { schema: SCHEMA, partitionColumns: ["part"] };
      await table.create(creation);
      for (const id of [4, 8, 12, 5, 9]) await table.append(SCHEMA, rowsWith([id]));
      await fresh.create(creation, rowsWith([4, 8, 12, 5, 9]));
      const outcome = await lake.engine.optimize(await table.open());
      expect(outcome).toMatchObject({
        kind: "committed",
        commits: 1,
        metrics: { filesRemoved: 5, filesAdded: 2, partitions: 2, vectorsFolded: 0, filesLeft: 0 },
      });
      const first = factsOf((await fresh.open()).snapshot);
      expect(factsOf(outcome.snapshot)).toEqual(expect.arrayContaining([...first]));
      expect(first).toHaveLength(2);
    });

    test("columns that files have by other names keep theirs", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const properties = { ...VECTORS, "delta.columnMapping.mode": "name" };
      await table.create({ schema: SCHEMA, partitionColumns: ["part"], properties });
      for (const id of [4, 8, 5, 9]) await table.append(SCHEMA, rowsWith([id]));
      await lake.engine.alter(await table.open(), { kind: "rename-column", column: ["count"], to: "times" });
      await lake.engine.alter(await table.open(), { kind: "rename-column", column: ["part"], to: "piece" });
      const before = await table.rows(ALL);
      expect(before).toContainEqual({ id: 4n, piece: "a", times: 1n });
      const outcome = await lake.engine.optimize(await table.open());
      expect(outcome).toMatchObject({ kind: "committed", metrics: { filesRemoved: 4, filesAdded: 2, partitions: 2 } });
      expect(await table.rows(ALL)).toEqual(before);
      const other = await lake.engine.optimize(await table.open(), { partitions: [{ piece: "a" }], targetBytes: 1e9 });
      expect(other.kind).toBe("nothing");
    });

    test("a file of the right size is left alone unless it has lost too many rows", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA, properties: VECTORS });
      await table.append(SCHEMA, rowsWith(twoHundred(0)));
      await table.append(SCHEMA, rowsWith(twoHundred(1000)));
      const targetBytes = 64; // so that each file is larger
      const optimize = async (): Promise<OptimizeOutcome> =>
        await lake.engine.optimize(await table.open(), { targetBytes });
      expect(await optimize()).toMatchObject({ kind: "nothing" });
      await lake.engine.delete(await table.open(), "id < 8");
      expect(await optimize()).toMatchObject({ kind: "nothing" });
      await lake.engine.delete(await table.open(), "id < 12");
      expect(await optimize()).toMatchObject({
        kind: "committed",
        metrics: { filesRemoved: 1, filesAdded: 1, vectorsFolded: 1, rowsFolded: 12 },
      });
      await lake.engine.delete(await table.open(), "id < 1000");
      expect((await table.open()).snapshot?.files.size).toBe(1);
      expect(await table.rows("select count(*) as n from t")).toEqual([{ n: 200n }]);
    });

    test("only the partitions that are named are looked at", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA, partitionColumns: ["part"] });
      for (const id of [4, 8, 5, 9, 6, 10]) await table.append(SCHEMA, rowsWith([id]));
      const outcome = await lake.engine.optimize(await table.open(), { partitions: [{ part: "x=y" }, { part: null }] });
      expect(outcome.metrics).toMatchObject({ filesRemoved: 4, partitions: 2 });
      await expect(lake.engine.optimize(await table.open(), { partitions: [{ other: "a" }] })).rejects.toMatchObject({
        code: "table.schema-mismatch",
      });
    });

    const rivals: Readonly<Record<string, (table: TableUnderTest) => Promise<unknown>>> = {
      append: async (table) => await take(table, { kind: "append", ids: [50, 51] }),
      merge: async (table) => await take(table, { kind: "merge", ids: [2, 3, 60] }),
      delete: async (table) => await take(table, { kind: "delete", below: 3 }),
      "delete all": async (table) => await take(table, { kind: "delete", below: 1000 }),
      overwrite: async (table) => await table.engine.overwrite(await table.open(), rowsOf(SCHEMA, rowsWith([1, 2]))),
      optimize: async (table) => await take(table, { kind: "optimize" }),
      "new column": async (table) => {
        const schema = struct([...SCHEMA.fields, field("more", "string")]);
        return await table.engine.append(await table.open(), rowsOf(SCHEMA, rowsWith([70])), { schema });
      },
    };
    const cases = Object.keys(rivals).flatMap((rival) => [VECTORS, {}].map((properties) => ({ rival, properties })));
    test.for(cases)("nothing is lost or doubled when a rival commits first ($rival, $properties)", async (given) => {
      await using lake = await lakeUnderTest(make);
      const rival = rivals[given.rival];
      const [alone, raced] = [lake.store("memory"), lake.store("memory")];
      for (const store of [alone, raced]) {
        const table = lake.table(store);
        await table.create({ schema: SCHEMA, partitionColumns: ["part"], properties: given.properties });
        for (const numbers of [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
          [9, 10],
        ])
          await table.append(SCHEMA, rowsWith(numbers));
      }
      await rival?.(lake.table(alone));
      const table = lake.table(raced);
      const open = await table.open();
      const outcome = await lake.engine.optimize(raceBefore(open, async () => await rival?.(lake.table(raced))));
      expect(await table.rows(ALL)).toEqual(await lake.table(alone).rows(ALL));
      expect(await table.rows(ALL, open.snapshot?.version)).toHaveLength(10);
      expect(outcome.kind).toBe(given.rival === "append" || given.rival === "merge" ? "committed" : outcome.kind);
      if (given.rival === "optimize") expect(outcome).toMatchObject({ kind: "nothing", metrics: { filesLeft: 10 } });
      await expectNoOrphans(table);
    });

    test("two that optimize at once, and writers beside them, lose and double nothing", async () => {
      await using lake = await lakeUnderTest(make);
      const store = lake.store("memory");
      await lake.table(store).create({ schema: SCHEMA, properties: VECTORS }, rowsWith([1, 2, 3]));
      const writers = [1, 2].map(async (writer) => {
        for (let round = 0; round < 6; round += 1) {
          const table = lake.table(store);
          await take(table, { kind: "append", ids: [1000 * writer + round] });
          await take(table, { kind: "merge", ids: [1000 * writer + round] });
        }
      });
      const tidiers = [1, 2].map(async () => {
        for (let round = 0; round < 4; round += 1) await take(lake.table(store), { kind: "optimize" });
      });
      await Promise.all([...writers, ...tidiers]);
      const table = lake.table(store);
      await take(table, { kind: "optimize" });
      expect(await table.rows("select count(*) as n, count(distinct id) as keys, sum(count) as total from t")).toEqual([
        { n: 15n, keys: 15n, total: 27n },
      ]);
    }, 60_000);

    test("tells how far it is, and stops when it is told to", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA, partitionColumns: ["part"] });
      for (const id of [4, 8, 5, 9]) await table.append(SCHEMA, rowsWith([id]));
      const before = await table.files();
      const abort = new AbortController();
      const seen: number[] = [];
      const stopped = lake.engine.optimize(await table.open(), {
        signal: abort.signal,
        onProgress: ({ files, ofFiles }) => {
          seen.push(files, ofFiles);
          abort.abort();
        },
      });
      await expect(stopped).rejects.toMatchObject({ code: "run.interrupted" });
      expect(seen).toEqual([2, 4]);
      expect(await table.files()).toEqual(before);
    });

    test("what would be rewritten can be asked before", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA });
      for (const id of [4, 8]) await table.append(SCHEMA, rowsWith([id]));
      const before = await table.files();
      expect(await lake.engine.optimize(await table.open(), { dryRun: true })).toMatchObject({
        kind: "planned",
        metrics: { filesRemoved: 2, filesAdded: 1, bytesAdded: 0 },
      });
      expect(await table.files()).toEqual(before);
      expect((await table.open()).snapshot?.version).toBe(2);
    });
  });
}

function factsOf(snapshot: Snapshot | undefined): readonly unknown[] {
  return [...(snapshot?.files.values() ?? [])].map((file) => ({ stats: file.stats, values: file.partitionValues }));
}

function twoHundred(from: number): readonly number[] {
  return Array.from({ length: 200 }, (_, index) => from + index);
}

/** The table, whose next commit somebody else precedes. */
function raceBefore(open: OpenTable, rival: () => Promise<unknown>): OpenTable {
  const { log } = open;
  let isFirst = true;
  const racing: DeltaLog = Object.create(log, {
    commit: {
      value: async (request: Parameters<DeltaLog["commit"]>[0]) => {
        if (isFirst) await rival();
        isFirst = false;
        return await log.commit(request);
      },
    },
  }) as DeltaLog;
  return { ...open, log: racing };
}

/** At most one small file a partition, and no deletion vector but on large files. */
function expectTidy(snapshot: Snapshot): void {
  const parts = [...snapshot.files.values()].map((file) => file.partitionValues["part"] ?? "");
  expect(new Set(parts).size).toBe(parts.length);
  const worn = [...snapshot.files.values()].filter((file) => {
    const rows = parseStats(file.stats)?.numRecords ?? 0;
    return (file.deletionVector?.cardinality ?? 0) > 0.05 * rows;
  });
  expect(worn).toEqual([]);
}

async function expectNoDataChange(table: TableUnderTest, after: number, outcome: OptimizeOutcome): Promise<void> {
  if (outcome.kind !== "committed") return;
  for await (const commit of table.log.changes(after + 1, outcome.version)) {
    expect([...commit.adds, ...commit.removes].filter((file) => file.dataChange)).toEqual([]);
    expect(commit.commitInfo).toMatchObject({ operation: "OPTIMIZE", isBlindAppend: false });
  }
}

async function expectNoOrphans(table: TableUnderTest): Promise<void> {
  const { snapshot } = await table.open();
  const known = new Set<string>();
  for await (const { adds } of table.log.changes(0, snapshot?.version ?? 0))
    for (const add of adds) known.add(add.path);
  const data = (await table.files()).filter((path) => path.endsWith(".parquet"));
  expect(data.filter((path) => !known.has(path))).toEqual([]);
}
