import type { World } from "../../src/base/index.ts";
import { field, struct, type StructType } from "../../src/contract/index.ts";
import { restore, vacuum, type DeltaLog, type Snapshot } from "../../src/delta/index.ts";
import { writeCheckpoint } from "../../src/delta/log/write-checkpoint.ts";
import { TableSnapshot } from "../../src/delta/log/table-snapshot.ts";
import type { Engine, OpenTable, Relation, Row } from "../../src/engine/index.ts";
import type { ObjectStore } from "../../src/storage/index.ts";
import { TEXT_CHECKPOINTS, latestOf } from "../delta-builders.ts";
import { changedRows, tableOf, withRows, withoutRows, type ModelRow, type TableModel } from "./table-model.ts";

/** A table as one writer sees it. */
export interface WriterTable {
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  readonly world: World;
}

/** What one writer does with the table, and what it makes of the model. `who` (1 or 2) tells the two writers' rows apart. */
export interface Operation {
  readonly run: (table: WriterTable, who: number) => Promise<unknown>;
  readonly model: (table: TableModel, who: number) => TableModel;
}

export type OperationName =
  | "append"
  | "merge"
  | "delete"
  | "update"
  | "overwrite"
  | "optimize"
  | "vacuum"
  | "add column"
  | "checkpoint"
  | "restore"
  | "clean log";

export const SCHEMA = struct([field("id", "long"), field("value", "long")]);
/** The version that `restore` goes back to. */
export const RESTORED_VERSION = 2;
const DAY_MS = 24 * 3_600_000;

export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  append: {
    run: async (table, who) => await table.engine.append(await opened(table), rowsOf(appended(who))),
    model: (table, who) => withRows(table, appended(who)),
  },
  merge: {
    run: async (table, who) =>
      await table.engine.merge(await opened(table), { source: rowsOf(merged(who)), keys: ["id"] }),
    model: (table, who) =>
      withRows(
        table,
        merged(who).map((row) => ({ ...table.rows.get(row["id"] ?? 0), ...row })),
      ),
  },
  delete: {
    run: async (table, who) => await table.engine.delete(await opened(table), `id in (3, ${4 + who}) or id >= 100`),
    model: (table, who) => withoutRows(table, ({ id }) => id === 3 || id === 4 + who || (id ?? 0) >= 100),
  },
  update: {
    run: async (table, who) =>
      await table.engine.update(await opened(table), { set: { value: `value * 10 + ${who}` }, where: "id >= 3" }),
    model: (table, who) =>
      changedRows(table, (row) => ((row["id"] ?? 0) < 3 ? row : { ...row, value: (row["value"] ?? 0) * 10 + who })),
  },
  overwrite: {
    run: async (table, who) => await table.engine.overwrite(await opened(table), rowsOf([overwritten(who)])),
    model: (table, who) => withRows({ ...table, rows: new Map() }, [overwritten(who)]),
  },
  optimize: {
    run: async (table) => await table.engine.optimize(await opened(table)),
    model: (table) => table,
  },
  vacuum: {
    run: async (table) => await vacuum(place(table)),
    model: (table) => table,
  },
  "add column": {
    run: async (table, who) => {
      const target = await opened(table);
      const columns = target.snapshot?.metadata.schema.fields ?? [];
      const schema = struct([...columns, field(columnOf(who), "long")]);
      return await table.engine.append(target, rowsOf([widened(who)], columnOf(who)), { schema });
    },
    model: (table, who) => withRows({ ...table, columns: [...table.columns, columnOf(who)] }, [widened(who)]),
  },
  checkpoint: {
    run: async ({ store, log, world }) => {
      const snapshot = await latestOf(log);
      if (!(snapshot instanceof TableSnapshot)) throw new Error("a log gives snapshots of its own kind");
      const access = { store, world, checkpoints: TEXT_CHECKPOINTS, onWarning: () => undefined };
      return await writeCheckpoint(access, snapshot);
    },
    model: (table) => table,
  },
  restore: {
    run: async (table) => await restore(place(table), { version: RESTORED_VERSION }),
    model: () => tableOf(1, 2, 3, 4, 5, 6),
  },
  "clean log": {
    run: async ({ log }) => await log.cleanUp({ retentionMs: DAY_MS }),
    model: (table) => table,
  },
};

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

function appended(who: number): readonly ModelRow[] {
  return [100, 101].map((id) => ({ id: 100 * who + id, value: who }));
}

/** One row that both merge, one that is there, and one of its own. */
function merged(who: number): readonly ModelRow[] {
  return [3, 3 + who, 500 + who].map((id) => ({ id, value: 30 + who }));
}

function overwritten(who: number): ModelRow {
  return { id: 50 + who, value: who };
}

function columnOf(who: number): string {
  return `extra_${who}`;
}

function widened(who: number): ModelRow {
  return { id: 600 + who, value: 6, [columnOf(who)]: who };
}

export async function opened({ store, log }: WriterTable): Promise<OpenTable> {
  const snapshot: Snapshot = await latestOf(log);
  return { name: "t", store, log, snapshot };
}

function place({ store, log, world }: WriterTable): Parameters<typeof restore>[0] {
  return { name: "t", store, log, world };
}

function bigintOrNull(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}

export function rowsOf(rows: readonly ModelRow[], more?: string): Relation {
  const schema: StructType = struct([...SCHEMA.fields, ...(more === undefined ? [] : [field(more, "long")])]);
  const given: Row[] = rows.map((row) =>
    Object.fromEntries(schema.fields.map(({ name }) => [name, bigintOrNull(row[name] ?? null)])),
  );
  return { sql: "select * from r", inputs: { r: { kind: "rows", schema, rows: given } } };
}
