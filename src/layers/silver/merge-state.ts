import type { SilverDefinition } from "../../definition/index.ts";
import {
  quoteIdentifier,
  quoteLiteral,
  type Input,
  type MergeSpec,
  type Relation,
  type Scratch,
} from "../../engine/index.ts";
import { silverSchema, keepsExpiry } from "./silver-schema.ts";
import { truncateSequence, type Truncate } from "./tombstones.ts";

export interface StateInputs {
  /** `_key`, `_sequence`, `__at`: the newest image of each key of this fold. */
  readonly winners: Scratch;
  /** `_key`, `hard`, `soft`, `deleted_at`, `batch_id`: the highest deletes of this fold (see `collectDeletes`). */
  readonly deletes: Scratch;
  readonly shaped: Relation;
  /** The tombstone table of before or after this fold's deletes were written: a maximum either way. */
  readonly tombstones: Input | undefined;
  /** `_key`, `wins`: images that are as old as the table's row; undefined where there can be none. */
  readonly ties: Scratch | undefined;
  readonly truncates: readonly Truncate[];
  readonly processedAt: string;
}

/**
 * The merge that brings a Silver table to the two maxima of every key of this fold: its newest image and its highest delete
 * (DESIGN, "One data path"). The row exists while no hard delete is above its image; it is marked while a soft one is.
 */
export function mergeState(definition: SilverDefinition, inputs: StateInputs): MergeSpec {
  const wins = `coalesce(source._image_sequence > target._image_sequence OR (source.__tie_wins AND source._image_sequence = target._image_sequence), false)`;
  const image = `greatest(source._image_sequence, target._image_sequence)`;
  const marks = canMark(definition, inputs);
  return {
    source: stateRelation(definition, inputs),
    keys: ["_key"],
    matched: {
      deleteWhen: `coalesce(source.__hard > ${image}, false)`,
      updateWhen: marks ? `${wins} OR ${SOFT_BELOW}` : wins,
      ...(marks ? { set: markedOrReplaced(definition, wins) } : {}),
    },
    notMatched: {
      insertWhen: `source._image_sequence IS NOT NULL AND coalesce(source.__hard <= source._image_sequence, true)`,
    },
  };
}

/**
 * Whether a row may stay and only be marked as deleted. Where none can, every changed row comes whole from the source, and
 * the merge reads nothing of the table but keys and sequences.
 */
function canMark(definition: SilverDefinition, { deletes }: StateInputs): boolean {
  return (definition.deletes === "soft" || definition.ttlDeletes === "soft") && deletes.rows > 0;
}

const SOFT_BELOW = `coalesce(source.__soft > target._sequence AND source.__soft > target._image_sequence, false)`;

function markedOrReplaced(definition: SilverDefinition, wins: string): Readonly<Record<string, string>> {
  const set: Record<string, string> = {};
  for (const column of silverSchema(definition).fields) {
    const name = quoteIdentifier(column.name);
    set[column.name] = `CASE WHEN ${wins} THEN source.${name} ELSE target.${name} END`;
  }
  set["_is_deleted"] = `CASE WHEN ${wins} THEN source._is_deleted ELSE target._is_deleted OR ${SOFT_BELOW} END`;
  set["_sequence"] =
    `CASE WHEN ${wins} THEN source._sequence WHEN ${SOFT_BELOW} THEN source.__soft ELSE target._sequence END`;
  set["_batch_id"] =
    `CASE WHEN ${wins} THEN source._batch_id WHEN ${SOFT_BELOW} THEN source.__delete_batch ELSE target._batch_id END`;
  set["_updated_at"] =
    `CASE WHEN ${wins} THEN source._updated_at WHEN ${SOFT_BELOW} THEN source.__deleted_at ELSE target._updated_at END`;
  set["_processed_timestamp"] = "source._processed_timestamp";
  return set;
}

/** One row a key of this fold: the table's columns of its newest image, if there is one, and its deletes. */
function stateRelation(definition: SilverDefinition, inputs: StateInputs): Relation {
  const expires = keepsExpiry(definition) ? "s._expires_at" : undefined;
  const truncatedSoft = truncateSequence(definition, inputs.truncates, "soft", expires);
  const soft = "greatest(d.soft, t.soft_sequence)";
  const imageSoft = `greatest(${soft}, ${truncatedSoft})`;
  const isDeleted = `coalesce(${imageSoft} > s._sequence, false)`;
  const own = new Set([
    "_key",
    "_sequence",
    "_image_sequence",
    "_batch_id",
    "_is_deleted",
    "_updated_at",
    "_processed_timestamp",
  ]);
  const values = silverSchema(definition)
    .fields.filter((column) => !own.has(column.name))
    .map((column) => `s.${quoteIdentifier(column.name)}`);
  const truncatedTime = truncateFact(inputs.truncates, imageSoft, (one) => `make_timestamptz(${one.atMicros})`);
  const truncatedBatch = truncateFact(inputs.truncates, imageSoft, (one) => String(one.batchId));
  return {
    sql: `SELECT coalesce(s._key, d._key) AS _key, ${values.join(", ")}${values.length === 0 ? "" : ","}
      s._sequence AS _image_sequence, CASE WHEN ${isDeleted} THEN ${imageSoft} ELSE s._sequence END AS _sequence,
      ${isDeleted} AS _is_deleted,
      CASE WHEN ${isDeleted} THEN coalesce(${truncatedBatch}, ${deleteFact(soft, "batch_id", "_batch_id")}) ELSE s._batch_id END AS _batch_id,
      CASE WHEN ${isDeleted} THEN coalesce(${truncatedTime}, ${deleteFact(soft, "deleted_at", "deleted_at")}) ELSE s._source_ts END AS _updated_at,
      CAST(${quoteLiteral(inputs.processedAt)} AS TIMESTAMPTZ) AS _processed_timestamp,
      greatest(d.hard, t.hard_sequence) AS __hard, ${soft} AS __soft,
      d.batch_id AS __delete_batch, d.deleted_at AS __deleted_at, coalesce(tie.wins, false) AS __tie_wins
    FROM (SELECT * FROM shaped SEMI JOIN winners ON shaped.__at = winners.__at) s FULL JOIN deletes d ON s._key = d._key
    LEFT JOIN tombstones t ON t._key = coalesce(s._key, d._key)
    LEFT JOIN ties tie ON tie._key = s._key`,
    inputs: {
      winners: { kind: "scratch", scratch: inputs.winners },
      deletes: inputs.deletes.rows === 0 ? NO_DELETES : { kind: "scratch", scratch: inputs.deletes },
      shaped: { kind: "relation", relation: inputs.shaped },
      tombstones: inputs.tombstones ?? NO_TOMBSTONES,
      ties: inputs.ties === undefined ? NO_TIES : { kind: "scratch", scratch: inputs.ties },
    },
  };
}

/** A fact of the truncate whose sequence is the soft delete in force, NULL when a delete event is. */
function truncateFact(truncates: readonly Truncate[], sequence: string, fact: (one: Truncate) => string): string {
  if (truncates.length === 0) return "NULL";
  const cases = truncates.map((one) => `WHEN ${quoteLiteral(one.sequence)} THEN ${fact(one)}`);
  return `CASE ${sequence} ${cases.join(" ")} END`;
}

/** From this fold's delete where it is the one in force, else from the stored tombstone. */
function deleteFact(soft: string, here: string, stored: string): string {
  return `CASE WHEN d.soft = ${soft} THEN d.${here} ELSE t.${stored} END`;
}

const NO_TOMBSTONES: Input = {
  kind: "relation",
  relation: {
    sql: `SELECT '' AS _key, '' AS hard_sequence, '' AS soft_sequence, CAST(NULL AS TIMESTAMPTZ) AS deleted_at, CAST(NULL AS BIGINT) AS _batch_id WHERE false`,
    inputs: {},
  },
};

const NO_DELETES: Input = {
  kind: "relation",
  relation: {
    sql: `SELECT '' AS _key, '' AS hard, '' AS soft, CAST(NULL AS TIMESTAMPTZ) AS deleted_at, CAST(NULL AS BIGINT) AS batch_id WHERE false`,
    inputs: {},
  },
};

const NO_TIES: Input = {
  kind: "relation",
  relation: { sql: `SELECT '' AS _key, false AS wins WHERE false`, inputs: {} },
};
