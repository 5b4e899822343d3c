import { field, struct, type StructType } from "../../contract/index.ts";
import type { SilverDefinition } from "../../definition/index.ts";
import { quoteLiteral, type OpenTable, type Relation, type Scratch, textOf, type Row } from "../../engine/index.ts";
import type { LayerContext, TablePlace } from "../context.ts";
import { KEPT_TRUNCATE } from "./narrow.ts";

/**
 * Tombstones of a Silver table: key → its highest delete, by how it deletes. They outlive the row, so that an older image
 * that arrives later cannot bring the row back. A truncate is a tombstone of all keys, kept one by one under `*|<sequence>`
 * (no key starts with `*`): which of them counts for a row may depend on the row's own expiry.
 */
const TOMBSTONE_SCHEMA: StructType = struct([
  field("_key", "string"),
  field("hard_sequence", "string"),
  field("soft_sequence", "string"),
  field("deleted_at", "timestamp"),
  field("_batch_id", "long"),
]);

export interface Truncate {
  readonly sequence: string;
  /** The snapshot's time, seconds since the epoch. */
  readonly atSeconds: number;
  /** For the rows that it deletes. */
  readonly atMicros: bigint;
  readonly batchId: bigint;
}

const HIGHER =
  "greatest(source.hard_sequence, source.soft_sequence) > coalesce(greatest(target.hard_sequence, target.soft_sequence), '')";

const TRUNCATE_PREFIX = "*|";
/** The first text after all that begin with the prefix. */
const TRUNCATES_END = "*}";

export function tombstonePlace(context: LayerContext, definition: SilverDefinition): TablePlace {
  return context.tables.place("system", `tombstones_${definition.name.slice("silver.".length)}`);
}

/** The truncates that the table remembers. */
export async function readTruncates(context: LayerContext, tombstones: OpenTable): Promise<readonly Truncate[]> {
  if (tombstones.snapshot === undefined) return [];
  const rows = await context.engine.rows({
    sql: `SELECT substr(_key, ${TRUNCATE_PREFIX.length + 1}) AS sequence, epoch_us(deleted_at) AS at_micros, _batch_id FROM tombstones
      WHERE _key >= '${TRUNCATE_PREFIX}' AND _key < '${TRUNCATES_END}'`,
    inputs: {
      tombstones: {
        kind: "table",
        table: tombstones,
        ranges: [{ path: ["_key"], type: "string", min: TRUNCATE_PREFIX, max: TRUNCATES_END }],
      },
    },
  });
  return rows.map((row) => truncateOf(row));
}

/** The truncates among the events of `narrow`. */
export async function truncatesAmong(context: LayerContext, narrow: Scratch): Promise<readonly Truncate[]> {
  const rows = await context.engine.rows({
    sql: `SELECT _sequence AS sequence, epoch_us(max(_source_ts)) AS at_micros, min(_batch_id) AS _batch_id FROM narrow
      WHERE ${KEPT_TRUNCATE} GROUP BY _sequence`,
    inputs: { narrow: { kind: "scratch", scratch: narrow } },
  });
  return rows.map((row) => truncateOf(row));
}

function truncateOf(row: Row): Truncate {
  const atMicros = BigInt(textOf(row, "at_micros"));
  return {
    sequence: textOf(row, "sequence"),
    atMicros,
    atSeconds: Number(atMicros / 1_000_000n),
    batchId: BigInt(textOf(row, "_batch_id")),
  };
}

/**
 * Raises the tombstones by the deletes of this fold. Idempotent (a maximum), so it goes before the Silver commit.
 * `deletes` has `_key`, `hard`, `soft`, `deleted_at`, `batch_id`, one row a key.
 */
export async function raiseTombstones(
  context: LayerContext,
  tombstones: OpenTable,
  deletes: Relation,
  truncates: readonly Truncate[],
): Promise<void> {
  const constants = truncates.map(
    (one) =>
      `UNION ALL SELECT ${quoteLiteral(TRUNCATE_PREFIX + one.sequence)}, NULL, NULL, make_timestamptz(${one.atMicros}), ${one.batchId}`,
  );
  await context.engine.merge(
    tombstones,
    {
      source: {
        sql: `SELECT _key, hard AS hard_sequence, soft AS soft_sequence, deleted_at, batch_id AS _batch_id FROM deletes ${constants.join(" ")}`,
        inputs: { deletes: { kind: "relation", relation: deletes } },
      },
      keys: ["_key"],
      matched: {
        updateWhen:
          "coalesce(source.hard_sequence > coalesce(target.hard_sequence, ''), false) OR coalesce(source.soft_sequence > coalesce(target.soft_sequence, ''), false)",
        set: {
          hard_sequence: "greatest(source.hard_sequence, target.hard_sequence)",
          soft_sequence: "greatest(source.soft_sequence, target.soft_sequence)",
          deleted_at: `CASE WHEN ${HIGHER} THEN source.deleted_at ELSE target.deleted_at END`,
          _batch_id: `CASE WHEN ${HIGHER} THEN source._batch_id ELSE target._batch_id END`,
        },
      },
    },
    {
      create: {
        name: tombstones.name,
        description: "Highest delete of each key of a Silver table",
        schema: TOMBSTONE_SCHEMA,
      },
    },
  );
}

/**
 * SQL of the highest truncate that applies to a row under a policy, NULL for none. A row whose expiry lies before the
 * snapshot's time left the source by TTL. `expires` is SQL of the row's expiry in seconds, undefined where the policies agree.
 */
export function truncateSequence(
  definition: SilverDefinition,
  truncates: readonly Truncate[],
  policy: "hard" | "soft",
  expires: string | undefined,
): string {
  const parts = truncates.flatMap((one) => {
    const applies = appliesTo(definition, one, policy, expires);
    return applies === "false" ? [] : [`CASE WHEN ${applies} THEN ${quoteLiteral(one.sequence)} END`];
  });
  return parts.length === 0 ? "CAST(NULL AS VARCHAR)" : `greatest(${parts.join(", ")}, NULL)`;
}

function appliesTo(
  definition: SilverDefinition,
  truncate: Truncate,
  policy: "hard" | "soft",
  expires: string | undefined,
): string {
  const plain = definition.deletes === policy;
  const ttl = definition.ttlDeletes === policy;
  if (plain === ttl || expires === undefined) return String(plain);
  const expired = `coalesce(${expires} < ${truncate.atSeconds}, false)`;
  return ttl ? expired : `NOT ${expired}`;
}
