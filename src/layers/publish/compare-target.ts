import { field, struct, type StructType } from "../../contract/index.ts";
import type { Engine, Input, Relation, Row, Scratch } from "../../engine/index.ts";
import { isUnfit, type OpenTarget, type ReadLimits, type StoredItem } from "../../targets/index.ts";
import type { LayerContext } from "../context.ts";
import { keyOf } from "./check-rows.ts";
import { rowsOf, type VersionedRows } from "./find-changes.ts";

/** Where target and table differ, one row a key: `what`, and the key as the table (`__key0` …) and the target (`__target0` …) spell it. */
export interface Comparison extends AsyncDisposable {
  readonly differences: Scratch;
  /** Rows without an item. */
  readonly missing: number;
  /** Items with another content than their row. */
  readonly different: number;
  /** Items of this publisher without a row. */
  readonly extra: number;
  readonly rows: number;
}

export interface ComparisonOptions {
  readonly onExpired?: ((tombstone: StoredItem) => Promise<void>) | undefined;
  readonly limits?: ReadLimits | undefined;
}

/** A hash that no item has: a row that cannot be an item differs from whatever is there. */
const UNFIT = "unfit";

/**
 * Reads the table's rows and the target's items whole, and compares them by key and content. Writes nothing; `onExpired` is told of
 * tombstones that are old enough to go.
 */
export async function compareTarget(
  { engine, signal }: Pick<LayerContext, "engine" | "signal">,
  versioned: VersionedRows,
  target: OpenTarget,
  { onExpired, limits }: ComparisonOptions = {},
): Promise<Comparison> {
  const keys = versioned.rows.keyColumns;
  const schema = stagedSchema(keys);
  const options = { signal };
  await using wanted = await engine.stage(
    { kind: "rows", schema, rows: wantedRows(engine, versioned, target) },
    options,
  );
  await using stored = await engine.stage(
    { kind: "rows", schema, rows: storedRows(target.items(limits), keys, onExpired) },
    options,
  );
  const differences = await engine.scratch({
    sql: differencesSql(keys),
    inputs: { wanted: { kind: "scratch", scratch: wanted }, stored: { kind: "scratch", scratch: stored } },
  });
  const counts = await engine.rows({
    sql: "SELECT what, count(*) AS keys FROM differences GROUP BY what",
    inputs: { differences: { kind: "scratch", scratch: differences } },
  });
  const of = (what: string): number => Number(counts.find((row) => row["what"] === what)?.["keys"] ?? 0);
  return {
    differences,
    missing: of("missing"),
    different: of("different"),
    extra: of("extra"),
    rows: wanted.rows,
    [Symbol.asyncDispose]: async () => await differences[Symbol.asyncDispose](),
  };
}

/** What has to be written so that nothing differs any more. */
export function repairingRows(versioned: VersionedRows, { differences }: Comparison): Relation {
  const keys = versioned.rows.keyColumns;
  const input: Input = { kind: "scratch", scratch: differences };
  const same = keys.map((key) => `d.${key} = n.${key}`).join(" AND ");
  const gone = keys.map((key) => `${targetColumn(key)} AS ${key}`).join(", ");
  return {
    sql: `SELECT n.*, true AS __put FROM now n WHERE EXISTS (SELECT 1 FROM differences d WHERE d.what <> 'extra' AND ${same})
      UNION ALL BY NAME SELECT ${gone}, false AS __put FROM differences WHERE what = 'extra'`,
    inputs: { now: rowsOf(versioned), differences: input },
  };
}

/** `__target0` for `__key0`. */
export function targetColumn(key: string): string {
  return `__target${key.slice("__key0".length - 1)}`;
}

function stagedSchema(keys: readonly string[]): StructType {
  return struct([
    ...keys.map((key) => field(key, "string")),
    ...keys.map((key) => field(targetColumn(key), "string")),
    field("hash", "string"),
    field("is_deleted", "boolean"),
  ]);
}

async function* wantedRows(
  engine: Engine,
  { rows, ...versioned }: VersionedRows,
  target: OpenTarget,
): AsyncGenerator<readonly Row[]> {
  const { keyColumns, schema } = rows;
  for await (const batch of engine.query({
    sql: "SELECT * FROM now",
    inputs: { now: rowsOf({ rows, ...versioned }) },
  })) {
    yield batch.map((row) => {
      const key = keyOf(row, keyColumns);
      const encoded = target.encode(row, key, schema);
      const hash = isUnfit(encoded) ? UNFIT : encoded.hash;
      return stagedRow(keyColumns, { key, stored: encoded.key, hash, isDeleted: false });
    });
  }
}

/** Items of a batch are few enough to be held. */
const BATCH = 1_000;

async function* storedRows(
  items: AsyncIterable<StoredItem>,
  keyColumns: readonly string[],
  onExpired: (tombstone: StoredItem) => Promise<void> = async () => await Promise.resolve(),
): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = [];
  for await (const item of items) {
    if (item.isExpired) {
      await onExpired(item);
      continue;
    }
    const { key, hash, isDeleted } = item;
    batch.push(stagedRow(keyColumns, { key, stored: key, hash, isDeleted }));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function stagedRow(
  keyColumns: readonly string[],
  {
    key,
    stored,
    hash,
    isDeleted,
  }: {
    readonly key: readonly string[];
    readonly stored: readonly string[];
    readonly hash: string;
    readonly isDeleted: boolean;
  },
): Row {
  return {
    ...Object.fromEntries(keyColumns.map((column, index) => [column, key[index] ?? ""])),
    ...Object.fromEntries(keyColumns.map((column, index) => [targetColumn(column), stored[index] ?? ""])),
    hash,
    is_deleted: isDeleted,
  };
}

function differencesSql(keys: readonly string[]): string {
  const targets = keys.map(targetColumn);
  const same = targets.map((column) => `w.${column} = s.${column}`).join(" AND ");
  const either = targets.map((column) => `coalesce(w.${column}, s.${column}) AS ${column}`);
  return `SELECT ${[...keys.map((key) => `w.${key}`), ...either].join(", ")},
      CASE WHEN w.hash IS NULL THEN 'extra' WHEN s.hash IS NULL OR s.is_deleted THEN 'missing' ELSE 'different' END AS what
    FROM wanted w FULL JOIN stored s ON ${same}
    WHERE CASE WHEN w.hash IS NULL THEN NOT s.is_deleted ELSE s.hash IS NULL OR s.is_deleted OR s.hash <> w.hash END`;
}
