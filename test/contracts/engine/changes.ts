import fc from "fast-check";
import { expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import type { Row, WriteOutcome } from "../../../src/engine/index.ts";
import { STORE_KINDS, lakeUnderTest, rowsOf, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

/** Rows by key, as a plain map has them: what the table must hold after each change. */
type Model = ReadonlyMap<bigint, Row>;

const SCHEMA = struct([
  field("id", "long"),
  field("part", "string"),
  field("amount", "long"),
  field("note", struct([field("text", "string")])),
]);
const PARTS = ["a", "b", null] as const;

interface Upsert {
  readonly id: bigint;
  readonly part: string | null;
  readonly amount: bigint;
  readonly gone: boolean;
}

type Change =
  | { readonly kind: "append"; readonly count: number }
  | { readonly kind: "merge"; readonly rows: readonly Upsert[]; readonly style: "all" | "update" | "insert" | "newer" }
  | { readonly kind: "sweep"; readonly rows: readonly Upsert[] }
  | { readonly kind: "delete"; readonly modulus: bigint }
  | { readonly kind: "overwrite"; readonly rows: readonly Upsert[] }
  | { readonly kind: "replace-partition"; readonly part: string | null; readonly count: number };

const upserts = fc.uniqueArray(
  fc.record({
    id: fc.bigInt(0n, 40n),
    part: fc.constantFrom(...PARTS),
    amount: fc.bigInt(0n, 9n),
    gone: fc.boolean(),
  }),
  { selector: (row) => row.id, maxLength: 12 },
);

const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 0, max: 10 }) }),
    fc.record({
      kind: fc.constant("merge" as const),
      rows: upserts,
      style: fc.constantFrom("all" as const, "update" as const, "insert" as const, "newer" as const),
    }),
    fc.record({ kind: fc.constant("sweep" as const), rows: upserts }),
    fc.record({ kind: fc.constant("delete" as const), modulus: fc.bigInt(1n, 4n) }),
    fc.record({ kind: fc.constant("overwrite" as const), rows: upserts }),
    fc.record({
      kind: fc.constant("replace-partition" as const),
      part: fc.constantFrom(...PARTS),
      count: fc.integer({ min: 0, max: 5 }),
    }),
  ),
  { minLength: 1, maxLength: 8 },
);

const layouts = fc.record({
  isPartitioned: fc.boolean(),
  writes: fc.constantFrom("vectors", "copies", "no vectors"),
  store: fc.constantFrom(...STORE_KINDS),
  mapping: fc.constantFrom("none", "name", "id"),
  feed: fc.boolean(),
});

export function everyChange(make: MakeEngine): void {
  test("after any changes every version reads as a plain map would have it", { timeout: 240_000 }, async () => {
    await using lake = await lakeUnderTest(make);
    await fc.assert(
      fc.asyncProperty(layouts, changes, async ({ isPartitioned, writes, store, mapping, feed }, list) => {
        const table = lake.table(lake.store(store));
        await table.create({
          schema: SCHEMA,
          partitionColumns: isPartitioned ? ["part"] : [],
          properties: {
            "delta.enableDeletionVectors": String(writes !== "no vectors"),
            "delta.columnMapping.mode": mapping,
            "delta.enableChangeDataFeed": String(feed),
            ...(writes === "copies" ? { "sluice.merge": "copy-on-write" } : {}),
          },
        });
        const history: Model[] = [new Map()];
        let nextId = 1000n;
        for (const change of list) {
          const before = history.at(-1) ?? new Map();
          const ids = (): bigint => (nextId += 1n);
          const after = applyToModel(before, change, { ids, isPartitioned });
          if (after === undefined) continue;
          const outcome = await applyToTable(table, change, after);
          // Only what changes no row may leave no version behind.
          const isCommit = outcome.kind === "committed" || !isSame(after.model, before);
          expect(outcome).toMatchObject(
            isCommit ? { kind: "committed", version: history.length } : { kind: "nothing" },
          );
          if (isCommit) history.push(after.model);
        }
        for (const [version, model] of history.entries()) {
          expect(await table.rows("select * from t order by id", version)).toEqual(
            [...model.values()].toSorted((left, right) => Number(left["id"]) - Number(right["id"])),
          );
        }
        await assertChanges(table, history);
        expect(table.warnings).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
}

/** What a table tells of each version's changes turns the version before into it, one by one and all at once. */
async function assertChanges(table: TableUnderTest, history: readonly Model[]): Promise<void> {
  const open = await table.open();
  const ranges = history.slice(1).map((_, index) => [index + 1, index + 1] as const);
  for (const [from, to] of [...ranges, [1, history.length - 1] as const]) {
    if (from > to) continue;
    const rows = await table.engine.rows({
      sql: "select * exclude (_commit_timestamp) from c order by _commit_version",
      inputs: { c: { kind: "changes", table: open, from, to } },
    });
    const state = new Map([...(history[from - 1] ?? [])].map(([id, row]) => [`${id}`, [shownRow(row)]]));
    // What goes in a version goes before what comes in it.
    const ordered = rows.toSorted((left, right) => rankOf(left) - rankOf(right));
    for (const { _change_type: type, _commit_version: _version, ...row } of ordered) {
      const key = String(row["id"]);
      const held = state.get(key) ?? [];
      const isGone = type === "delete" || type === "update_preimage";
      if (isGone) {
        expect(held).toContain(shownRow(row));
        held.splice(held.indexOf(shownRow(row)), 1);
      } else held.push(shownRow(row));
      state.set(key, held);
    }
    const left = Object.fromEntries([...state].filter(([, held]) => held.length > 0));
    const wanted = [...(history[to] ?? new Map<bigint, Row>())].map(([id, row]) => [String(id), [shownRow(row)]]);
    expect(left).toEqual(Object.fromEntries(wanted));
  }
}

function rankOf(row: Row): number {
  const isGone = row["_change_type"] === "delete" || row["_change_type"] === "update_preimage";
  return Number(row["_commit_version"]) * 2 + (isGone ? 0 : 1);
}

function shownRow(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function isSame(left: Model, right: Model): boolean {
  return left.size === right.size && [...left].every(([id, row]) => right.get(id) === row);
}

interface Applied {
  readonly model: Model;
  readonly added: readonly Row[];
}

function applyToModel(
  before: Model,
  change: Change,
  { ids, isPartitioned }: { ids: () => bigint; isPartitioned: boolean },
): Applied | undefined {
  const without = (isGone: (row: Row) => boolean): Map<bigint, Row> =>
    new Map([...before].filter(([, row]) => !isGone(row)));
  switch (change.kind) {
    case "append":
      return withRows(
        new Map(before),
        newRows(change.count, (index) => rowOf(ids(), PARTS[index % 3] ?? null)),
      );
    case "delete":
      return { model: without((row) => (row["amount"] as bigint) % change.modulus === 0n), added: [] };
    case "overwrite":
      return withRows(new Map(), change.rows.map(rowOfUpsert));
    case "replace-partition":
      if (!isPartitioned) return undefined;
      return withRows(
        without((row) => row["part"] === change.part),
        newRows(change.count, () => rowOf(ids(), change.part)),
      );
    case "sweep":
      return withRows(
        without((row) => !change.rows.some(({ id }) => id === row["id"]) && (row["amount"] as bigint) > 4n),
        change.rows.map(rowOfUpsert),
      );
    case "merge": {
      const model = new Map(before);
      for (const upsert of change.rows) mergeInto(model, upsert, change.style);
      return { model, added: [] };
    }
  }
}

function withRows(model: Map<bigint, Row>, rows: readonly Row[]): Applied {
  for (const row of rows) model.set(row["id"] as bigint, row);
  return { model, added: rows };
}

function newRows(count: number, make: (index: number) => Row): readonly Row[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function mergeInto(model: Map<bigint, Row>, upsert: Upsert, style: "all" | "update" | "insert" | "newer"): void {
  const present = model.get(upsert.id);
  if (present === undefined) {
    if (style !== "update" && !upsert.gone) model.set(upsert.id, rowOfUpsert(upsert));
    return;
  }
  if (style === "insert") return;
  if (upsert.gone) model.delete(upsert.id);
  else if (style === "all" || style === "update") model.set(upsert.id, rowOfUpsert(upsert));
  else if (upsert.amount > (present["amount"] as bigint)) {
    model.set(upsert.id, { ...present, amount: upsert.amount + (present["amount"] as bigint) });
  }
}

async function applyToTable(table: TableUnderTest, change: Change, { added }: Applied): Promise<WriteOutcome> {
  const { engine } = table;
  const open = await table.open();
  switch (change.kind) {
    case "append":
      return await engine.append(open, rowsOf(SCHEMA, added));
    case "delete":
      return await engine.delete(open, `amount % ${change.modulus} = 0`);
    case "overwrite":
      return await engine.overwrite(open, rowsOf(SCHEMA, added));
    case "replace-partition":
      return await engine.overwrite(open, rowsOf(SCHEMA, added), { partitions: [{ part: change.part }] });
    case "sweep":
      return await engine.merge(open, {
        source: rowsOf(SCHEMA, added),
        keys: ["id"],
        notMatchedBySource: { deleteWhen: "target.amount > 4" },
      });
    case "merge":
      return await engine.merge(open, mergeSpec(change));
  }
}

function mergeSpec({
  rows,
  style,
}: Extract<Change, { kind: "merge" }>): Parameters<TableUnderTest["engine"]["merge"]>[1] {
  const flag = struct([...SCHEMA.fields, field("gone", "boolean")]);
  const all = rowsOf(
    flag,
    rows.map((row) => ({ ...rowOfUpsert(row), gone: row.gone })),
  );
  return {
    source: all,
    keys: ["id"],
    ...(style === "insert"
      ? { matched: { updateWhen: false as const } }
      : {
          matched: {
            deleteWhen: "source.gone",
            ...(style === "newer"
              ? {
                  updateWhen: "source.amount > target.amount",
                  set: { amount: "source.amount + target.amount", part: "target.part", note: "target.note" },
                }
              : {}),
          },
        }),
    notMatched: { insertWhen: style === "update" ? false : "not source.gone" },
  };
}

function rowOfUpsert({ id, part, amount }: Upsert): Row {
  return { ...rowOf(id, part), amount };
}

function rowOf(id: bigint, part: string | null): Row {
  return { id, part, amount: id % 10n, note: id % 3n === 0n ? null : { text: `n${id}` } };
}
