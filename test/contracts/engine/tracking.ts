import fc from "fast-check";
import { expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import type { OptimizeOutcome, WriteOutcome } from "../../../src/engine/index.ts";
import { lakeUnderTest, rowsOf, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("p", "string"), field("v", "long")]);
const TRACKING = { "delta.enableRowTracking": "true" };

type Step =
  | { readonly kind: "append"; readonly rows: number }
  | { readonly kind: "update" | "delete"; readonly modulo: number }
  | { readonly kind: "merge"; readonly from: number; readonly rows: number }
  | { readonly kind: "optimize" };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant("append" as const), rows: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constantFrom("update" as const, "delete" as const), modulo: fc.integer({ min: 2, max: 4 }) }),
    fc.record({ kind: fc.constant("merge" as const), from: fc.nat(12), rows: fc.integer({ min: 1, max: 8 }) }),
    fc.constant({ kind: "optimize" as const }),
  ),
  { minLength: 3, maxLength: 7 },
);

const layouts = fc.record({
  later: fc.boolean(),
  properties: fc.record({
    "delta.enableDeletionVectors": fc.constantFrom("true", "false"),
    "delta.enableChangeDataFeed": fc.constantFrom("true", "false"),
    "delta.columnMapping.mode": fc.constantFrom("none", "name"),
  }),
  partitionColumns: fc.constantFrom<readonly string[]>([], ["p"]),
});

/** What a table tells of each row, by its key. */
type Known = ReadonlyMap<bigint, { readonly rowId: bigint; readonly version: bigint }>;

export function trackingRows(make: MakeEngine): void {
  test(
    "a row keeps its id while it is updated and moved, and no two rows ever have the same",
    { timeout: 240_000 },
    async () => {
      await using lake = await lakeUnderTest(make);
      await fc.assert(
        fc.asyncProperty(layouts, steps, async ({ later, properties, partitionColumns }, taken) => {
          const table = lake.table(lake.store("memory"));
          const own = later ? properties : { ...properties, ...TRACKING };
          await table.create({ schema: SCHEMA, properties: own, partitionColumns }, newRows(0, 6));
          if (later) {
            await table.engine.delete(await table.open(), "id = 3");
            await table.engine.alter(await table.open(), { kind: "set-properties", properties: TRACKING });
          }
          let before = await known(table);
          const given = new Set([...before.values()].map(({ rowId }) => rowId));
          expect(given.size).toBe(before.size);
          let next = 6;
          for (const step of taken) {
            const outcome = await take(table, step, next);
            if (step.kind === "append") next += step.rows;
            if (step.kind === "merge") next = Math.max(next, step.from + step.rows);
            const after = await known(table);
            const version = outcome.kind === "committed" ? BigInt(outcome.version) : -1n;
            for (const [id, { rowId, version: changedIn }] of after) {
              const was = before.get(id);
              if (was === undefined) expect(given.has(rowId), `the id of row ${id} is new`).toBe(false);
              else expect(rowId, `the id of row ${id} stays`).toBe(was.rowId);
              given.add(rowId);
              const isChanged = was === undefined || touches(step, Number(id));
              expect(changedIn, `the version of row ${id}`).toBe(isChanged ? version : was.version);
            }
            before = after;
          }
          // No column of ours shows.
          expect(Object.keys((await table.rows())[0] ?? {})).toEqual(before.size === 0 ? [] : ["id", "p", "v"]);
        }),
        { numRuns: 12 },
      );
    },
  );

  test("a table that does not track its rows has no ids to show", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    await table.create({ schema: SCHEMA }, newRows(0, 1));
    expect(await shown(table)).toEqual([{ id: 0n, _row_id: null, _row_commit_version: null }]);
  });

  test("rows are not tracked where columns are found by id, which the columns of ids have not", async () => {
    await using lake = await lakeUnderTest(make);
    const table = lake.table(lake.store("memory"));
    const properties = { ...TRACKING, "delta.columnMapping.mode": "id" };
    await expect(table.create({ schema: SCHEMA, properties }, newRows(0, 1))).rejects.toMatchObject({
      code: "table.unsupported",
    });
  });
}

function newRows(from: number, count: number): readonly { id: bigint; p: string; v: bigint }[] {
  return Array.from({ length: count }, (_, index) => {
    return { id: BigInt(from + index), p: `p${(from + index) % 2}`, v: 0n };
  });
}

async function take(table: TableUnderTest, step: Step, next: number): Promise<WriteOutcome | OptimizeOutcome> {
  const open = await table.open();
  switch (step.kind) {
    case "append":
      return await table.append(SCHEMA, newRows(next, step.rows));
    case "update":
      return await table.engine.update(open, { set: { v: "v + 1" }, where: `id % ${step.modulo} = 0` });
    case "delete":
      return await table.engine.delete(open, `id % ${step.modulo} = 1`);
    case "merge":
      return await table.engine.merge(open, { source: rowsOf(SCHEMA, newRows(step.from, step.rows)), keys: ["id"] });
    case "optimize":
      return await table.engine.optimize(open, { targetBytes: 2 ** 20, deletedShareMax: 0 });
  }
}

function touches(step: Step, id: number): boolean {
  if (step.kind === "update") return id % step.modulo === 0;
  return step.kind === "merge" && id >= step.from && id < step.from + step.rows;
}

async function shown(table: TableUnderTest): Promise<readonly object[]> {
  const input = { kind: "table", table: await table.open(), rowIds: true } as const;
  return await table.engine.rows({ sql: "SELECT id, _row_id, _row_commit_version FROM t", inputs: { t: input } });
}

async function known(table: TableUnderTest): Promise<Known> {
  const rows = (await shown(table)) as { id: bigint; _row_id: bigint; _row_commit_version: bigint }[];
  return new Map(rows.map((row) => [row.id, { rowId: row._row_id, version: row._row_commit_version }]));
}
