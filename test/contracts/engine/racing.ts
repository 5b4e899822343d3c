import { describe, expect, test } from "vitest";
import { isFailure, type SluiceError } from "../../../src/base/index.ts";
import { field, struct } from "../../../src/contract/index.ts";
import type { OptimizeOutcome, Row, WriteOutcome } from "../../../src/engine/index.ts";
import { faultyStore, memoryStore, type ObjectStore } from "../../../src/storage/index.ts";
import {
  lakeUnderTest,
  rowsOf,
  sql,
  type LakeUnderTest,
  type MakeEngine,
  type TableUnderTest,
} from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("writer", "string"), field("count", "long")]);
const VECTORS = { properties: { "delta.enableDeletionVectors": "true" } };

function rowsBy(writer: string, ids: readonly number[]): readonly Row[] {
  return ids.map((id) => ({ id: BigInt(id), writer, count: 1n }));
}

/** Adds one to the rows that are there and inserts the others: what is lost or doubled shows in the sums. */
async function count(table: TableUnderTest, writer: string, ids: readonly number[]): Promise<WriteOutcome> {
  return await table.engine.merge(await table.open(), {
    source: rowsOf(SCHEMA, rowsBy(writer, ids)),
    keys: ["id"],
    matched: { set: { count: "target.count + source.count" } },
  });
}

export function racing(make: MakeEngine): void {
  describe("racing and failing", () => {
    test.for(["vectors", "copies"])(
      "two engines that merge into one table at once lose and double nothing (%s)",
      async (writes) => {
        await using one = await lakeUnderTest(make);
        await using two = await lakeUnderTest(make);
        const store = one.store("memory");
        const tables = [one.table(store), two.table(store)];
        await tables[0]?.create({ schema: SCHEMA, ...(writes === "vectors" ? VECTORS : {}) });
        const rounds = 6;
        await Promise.all(
          tables.map(async (table, writer) => {
            for (let round = 0; round < rounds; round += 1) {
              const outcome = await count(table, `w${writer}`, [round, round + 1, 100 + writer]);
              expect(outcome).toMatchObject({ kind: "committed" });
            }
          }),
        );
        const rows = await one
          .table(store)
          .rows("select id, sum(count) as total, count(*) as copies from t group by id order by id");
        const shared = Array.from({ length: rounds + 1 }, (_, id) => {
          const perWriter = id === 0 || id === rounds ? 1n : 2n;
          return { id: BigInt(id), total: 2n * perWriter, copies: 1n };
        });
        const own = [100n, 101n].map((id) => ({ id, total: BigInt(rounds), copies: 1n }));
        expect(rows).toEqual([...shared, ...own]);
        await expectNoOrphans(one.table(store));
      },
    );

    test("appends and a merge at once all arrive", async () => {
      await using lake = await lakeUnderTest(make);
      const store = lake.store("memory");
      const table = lake.table(store);
      await table.create({ schema: SCHEMA, ...VECTORS }, rowsBy("start", [1, 2, 3]));
      const appends = [10, 11, 12, 13].map(
        async (id) => await lake.table(store).append(SCHEMA, rowsBy("append", [id])),
      );
      const outcomes = await Promise.all([...appends, count(lake.table(store), "merge", [2, 3, 4])]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array.from({ length: 5 }, () => "committed"));
      expect(await table.rows("select sum(count) as total, count(*) as n from t")).toEqual([{ total: 10n, n: 8n }]);
    });

    test.for([
      ["a data file", { operation: "createFromFile" }],
      ["a deletion vector", { operation: "create", path: /deletion_vector/ }],
      ["the commit", { operation: "create", path: /_delta_log/ }],
    ] as const)("a write that is refused at %s leaves no file behind", async ([, where]) => {
      await using lake = await lakeUnderTest(make);
      const inner = memoryStore({ world: lake.world });
      await lake.table(inner).create({ schema: SCHEMA, ...VECTORS }, rowsBy("start", [1, 2, 3]));
      const before = await lake.table(inner).files();
      const effect = { kind: "fail", when: "before", code: "storage.denied" } as const;
      const store = faultyStore(inner, { world: lake.world, plan: [{ effect, at: 1, times: 100, ...where }] });
      await expect(count(lake.table(store), "merge", [2, 3, 4])).rejects.toMatchObject({ code: "storage.denied" });
      expect(await lake.table(inner).files()).toEqual(before);
    });

    test("a write that is interrupted is no commit and leaves no file behind", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA, ...VECTORS }, rowsBy("start", [1, 2, 3]));
      const before = await table.files();
      const abort = new AbortController();
      const slow = sql("select a.range as id, 'x' as writer, b.range as count from range(1000000) a, range(1000000) b");
      const writing = lake.engine.append(await table.open(), slow, { signal: abort.signal });
      setTimeout(() => abort.abort(), 150);
      await expect(writing).rejects.toMatchObject({ code: "run.interrupted" });
      const late = lake.engine.append(await table.open(), slow, { signal: abort.signal });
      await expect(late).rejects.toMatchObject({ code: "run.interrupted" });
      expect(await table.files()).toEqual(before);
      expect((await table.open()).snapshot?.version).toBe(0);
    });

    const verbs: Readonly<Record<string, (table: TableUnderTest) => Promise<AnyOutcome>>> = {
      append: async (table) => await table.append(SCHEMA, rowsBy("append", [7, 8])),
      merge: async (table) => await count(table, "merge", [2, 3, 4]),
      delete: async (table) => await table.engine.delete(await table.open(), "id = 2"),
      overwrite: async (table) => await table.engine.overwrite(await table.open(), rowsOf(SCHEMA, rowsBy("over", [5]))),
      update: async (table) =>
        await table.engine.update(await table.open(), { set: { count: "count + 1" }, where: "id <> 2" }),
      optimize: async (table) => await table.engine.optimize(await table.open()),
    };
    test.for(Object.keys(verbs))(
      "whichever storage call of a %s fails or is the last, the table is as before or after",
      { timeout: 120_000 },
      async (name) => {
        await using lake = await lakeUnderTest(make);
        const verb = verbs[name] ?? verbs["append"];
        for (const effect of ["fail", "crash"] as const) {
          for (const when of ["before", "after"] as const) {
            let calls = 0;
            while (await strikeOnce(lake, { at: calls + 1, effect, when, verb })) calls += 1;
            expect(calls).toBeGreaterThan(2);
          }
        }
      },
    );
  });
}

type AnyOutcome = WriteOutcome | OptimizeOutcome;

interface Strike {
  readonly at: number;
  readonly effect: "fail" | "crash";
  readonly when: "before" | "after";
  readonly verb: ((table: TableUnderTest) => Promise<AnyOutcome>) | undefined;
}

/** Lets one call of a verb go wrong; false when the verb needed fewer calls. */
async function strikeOnce(lake: LakeUnderTest, { at, effect, when, verb }: Strike): Promise<boolean> {
  const inner = memoryStore({ world: lake.world });
  const clean = lake.store("memory");
  for (const store of [inner, clean]) {
    await lake.table(store).create({ schema: SCHEMA, ...VECTORS }, rowsBy("start", [1, 2]));
    await lake.table(store).append(SCHEMA, rowsBy("start", [3]));
  }
  const before = await contentOf(lake, inner);
  await verb?.(lake.table(clean));
  const after = await contentOf(lake, clean);
  // A store that never answers again: retries are the store's, not the engine's.
  const store = faultyStore(inner, { world: lake.world, plan: [{ effect: { kind: effect, when }, at, times: 100 }] });
  const outcome: AnyOutcome | SluiceError | Error | undefined = await verb?.(lake.table(store)).catch(
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const content = await contentOf(lake, inner);
  const isCommitted = outcome !== undefined && "kind" in outcome && outcome.kind === "committed";
  if (isCommitted) expect(content).toEqual(after);
  else expect([before, after]).toContainEqual(content);
  if (effect === "fail" && !isCommitted) expect(isFailure(outcome)).toBe(true);
  return store.calls >= at;
}

async function contentOf(lake: LakeUnderTest, store: ObjectStore): Promise<readonly Row[]> {
  return await lake.table(store).rows("select * from t order by id");
}

/** Every data file and vector in the store is one that some version refers to. */
async function expectNoOrphans(table: TableUnderTest): Promise<void> {
  const { snapshot } = await table.open();
  const known = new Set<string>();
  for await (const { adds } of table.log.changes(0, snapshot?.version ?? 0))
    for (const add of adds) known.add(add.path);
  const data = (await table.files()).filter((path) => path.endsWith(".parquet"));
  expect(data.filter((path) => !known.has(path))).toEqual([]);
}
