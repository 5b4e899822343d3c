import { isFailure } from "../../base/index.ts";
import {
  quoteIdentifier,
  type Engine,
  type Input,
  type OpenTable,
  type Relation,
  type Scratch,
} from "../../engine/index.ts";
import type { PublishWork } from "./decide-claim.ts";
import type { PublishedRows } from "./published-rows.ts";

/** What has to be written, one row a key: the keys, `__put` – false where there is no row any more – and the columns. */
export interface FoundChanges extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly puts: number;
  readonly deletes: number;
}

export interface VersionedRows {
  readonly table: OpenTable;
  readonly version: number;
  readonly rows: PublishedRows;
}

/**
 * The changes between the published version and this one, by what the commits in between did; undefined where that cannot be read any
 * more (cleaned up, or columns of another type): then only a comparison helps.
 */
export async function findChanges(
  engine: Engine,
  versioned: VersionedRows,
  work: Exclude<PublishWork, { kind: "compare" }>,
): Promise<FoundChanges | undefined> {
  if (work.kind === "everything") return await keptChanges(engine, everything(versioned));
  const { table, version } = versioned;
  if (work.from >= version) return await keptChanges(engine, nothing(versioned));
  const changes: Input = { kind: "changes", table, from: work.from + 1, to: version };
  try {
    return await keptChanges(engine, work.touched ? touchedRows(versioned, changes) : netChanges(versioned, changes));
  } catch (error) {
    if (isFailure(error, "table.version-missing") || isFailure(error, "table.unsupported")) return undefined;
    throw error;
  }
}

/** Keeps the rows of a relation with the columns of `FoundChanges`. */
export async function keptChanges(engine: Engine, relation: Relation): Promise<FoundChanges> {
  const scratch = await engine.scratch(relation);
  const [counts] = await engine.rows({
    sql: "SELECT count(*) FILTER (WHERE __put) AS puts, count(*) FILTER (WHERE NOT __put) AS deletes FROM changes",
    inputs: { changes: { kind: "scratch", scratch } },
  });
  return {
    scratch,
    puts: Number(counts?.["puts"] ?? 0),
    deletes: Number(counts?.["deletes"] ?? 0),
    [Symbol.asyncDispose]: async () => await scratch[Symbol.asyncDispose](),
  };
}

/** The rows of the version, as input. */
export function rowsOf({ table, rows }: VersionedRows): Input {
  return { kind: "relation", relation: rows.of({ kind: "table", table }) };
}

function everything(versioned: VersionedRows): Relation {
  return { sql: "SELECT *, true AS __put FROM now", inputs: { now: rowsOf(versioned) } };
}

function nothing(versioned: VersionedRows): Relation {
  return { sql: "SELECT *, true AS __put FROM now WHERE false", inputs: { now: rowsOf(versioned) } };
}

/**
 * Rows that are there now and were not before, and keys that have gone. Counted by whole rows, so that a row that was written anew as it
 * was is no change, nor is one that came and went in between.
 */
function netChanges({ rows }: VersionedRows, changes: Input): Relation {
  const keys = rows.keyColumns;
  const columns = [...keys, ...rows.schema.fields.map((column) => quoteIdentifier(column.name))].join(", ");
  const net = "sum(CASE WHEN _change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END)";
  return {
    sql: `WITH net AS MATERIALIZED (SELECT ${columns}, ${net} AS __net FROM changed GROUP BY ${columns} HAVING ${net} <> 0),
      put AS (SELECT ${columns}, true AS __put FROM net WHERE __net > 0),
      gone AS (SELECT DISTINCT ${keys.join(", ")} FROM net WHERE __net < 0 AND ${areKnown(keys)})
      SELECT * FROM put UNION ALL BY NAME
      SELECT g.*, false AS __put FROM gone g WHERE NOT EXISTS (SELECT 1 FROM put p WHERE ${areEqual(keys)})`,
    inputs: { changed: { kind: "relation", relation: rows.of(changes, "_change_type") } },
  };
}

/** Every key that any version in between has touched, as it is now. */
function touchedRows(versioned: VersionedRows, changes: Input): Relation {
  const { rows } = versioned;
  const keys = rows.keyColumns;
  return {
    sql: `WITH g AS MATERIALIZED (SELECT DISTINCT ${keys.join(", ")} FROM changed WHERE ${areKnown(keys)}),
      put AS MATERIALIZED (SELECT p.*, true AS __put FROM now p WHERE EXISTS (SELECT 1 FROM g WHERE ${areEqual(keys)}))
      SELECT * FROM put UNION ALL BY NAME
      SELECT g.*, false AS __put FROM g WHERE NOT EXISTS (SELECT 1 FROM put p WHERE ${areEqual(keys)})`,
    inputs: { now: rowsOf(versioned), changed: { kind: "relation", relation: rows.of(changes) } },
  };
}

function areEqual(keys: readonly string[]): string {
  return keys.map((key) => `p.${key} = g.${key}`).join(" AND ");
}

function areKnown(keys: readonly string[]): string {
  return keys.map((key) => `${key} IS NOT NULL`).join(" AND ");
}
