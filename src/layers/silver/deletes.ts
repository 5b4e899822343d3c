import type { SilverDefinition } from "../../definition/index.ts";
import type { Engine, Input, OpenTable, Relation, Scratch } from "../../engine/index.ts";
import { keepsExpiry } from "./silver-schema.ts";
import { truncateSequence, type Truncate } from "./tombstones.ts";

export interface DeleteInputs {
  readonly narrow: Scratch;
  readonly winners: Scratch;
  readonly silver: OpenTable;
  /** Truncates of this fold: they meet the table's rows for the first time. */
  readonly fresh: readonly Truncate[];
  /** Every truncate known, of this fold and of those before. */
  readonly truncates: readonly Truncate[];
}

/**
 * The highest deletes of this fold, one row a key: `_key`, `hard`, `soft`, `deleted_at`, `batch_id`, `lasting`.
 * A truncate is spread over the keys whose newest image is below it. `lasting` ones must be remembered by key: delete events,
 * and images that a truncate took under a policy of their own – of those just the image, `<its sequence>~`, so that a newer
 * image that comes later is judged by its own expiry.
 */
export async function collectDeletes(
  engine: Engine,
  definition: SilverDefinition,
  inputs: DeleteInputs,
): Promise<Scratch> {
  const parts = [
    `SELECT _key, max(__hard) AS hard, max(__soft) AS soft, arg_max(_source_ts, _sequence) AS deleted_at,
      arg_max(_batch_id, {'s': _sequence, 'b': -_batch_id}) AS batch_id, true AS lasting
      FROM narrow WHERE __kind = 'delete' AND __fate = 'keep' AND coalesce(__hard, __soft) IS NOT NULL GROUP BY _key`,
    ...inputs.fresh.map((one) => truncatedRows(definition, one)),
    ...(inputs.truncates.length === 0 ? [] : [truncatedWinners(definition, inputs.truncates)]),
  ];
  const silver: Input =
    inputs.silver.snapshot === undefined
      ? { kind: "relation", relation: NO_ROWS }
      : { kind: "table", table: inputs.silver };
  return await engine.scratch({
    sql: `SELECT _key, max(hard) AS hard, max(soft) AS soft, max(deleted_at) AS deleted_at, max(batch_id) AS batch_id, bool_or(lasting) AS lasting
      FROM (${parts.join(" UNION ALL ")}) GROUP BY _key`,
    inputs: {
      narrow: { kind: "scratch", scratch: inputs.narrow },
      winners: { kind: "scratch", scratch: inputs.winners },
      silver,
    },
  });
}

/** Deletes to remember by key: what a truncate does to all keys alike is remembered as the truncate. */
export function lastingDeletes(deletes: Scratch): Relation {
  return { sql: "SELECT * FROM deletes WHERE lasting", inputs: { deletes: { kind: "scratch", scratch: deletes } } };
}

/** Rows of the table whose image is below the truncate and stays the newest of its key. */
function truncatedRows(definition: SilverDefinition, truncate: Truncate): string {
  const expires = keepsExpiry(definition) ? "t._expires_at" : undefined;
  const hard = truncateSequence(definition, [truncate], "hard", expires);
  const soft = truncateSequence(definition, [truncate], "soft", expires);
  return `SELECT t._key, ${takenImage(definition, hard, "t._image_sequence")}, ${soft}, make_timestamptz(${truncate.atMicros}),
      ${truncate.batchId}, ${keepsExpiry(definition)}
    FROM silver t LEFT JOIN winners w ON w._key = t._key
    WHERE t._image_sequence < '${truncate.sequence}' AND (w._key IS NULL OR w._sequence <= t._image_sequence)
      AND coalesce(${hard}, ${soft}) IS NOT NULL`;
}

/** Images of this fold that a truncate takes for good. A soft one only marks them: the merge sees to that. */
function truncatedWinners(definition: SilverDefinition, truncates: readonly Truncate[]): string {
  const expires = keepsExpiry(definition) ? "n._expires_at" : undefined;
  const hard = truncateSequence(definition, truncates, "hard", expires);
  return `SELECT w._key, w._sequence || '~', CAST(NULL AS VARCHAR), n._source_ts, n._batch_id, ${keepsExpiry(definition)}
    FROM winners w JOIN narrow n ON n.__at = w.__at WHERE w._sequence < ${hard}`;
}

function takenImage(definition: SilverDefinition, hard: string, image: string): string {
  return keepsExpiry(definition) ? `CASE WHEN ${hard} IS NOT NULL THEN ${image} || '~' END` : hard;
}

const NO_ROWS: Relation = {
  sql: `SELECT '' AS _key, '' AS _image_sequence, CAST(NULL AS BIGINT) AS _expires_at WHERE false`,
  inputs: {},
};
