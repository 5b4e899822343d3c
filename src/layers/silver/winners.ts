import type { SilverDefinition } from "../../definition/index.ts";
import {
  quoteIdentifier,
  type Engine,
  type Input,
  type OpenTable,
  type Relation,
  type Scratch,
} from "../../engine/index.ts";
import { KEPT_IMAGE } from "./narrow.ts";

/**
 * The newest image of each key among the events of `narrow`: `_key`, `_sequence`, `__at` (DESIGN, "Order":
 * equal sequences are decided by a hash of the record, then by the lowest batch).
 */
export async function pickWinners(
  engine: Engine,
  definition: SilverDefinition,
  narrow: Scratch,
  shaped: Relation,
): Promise<Scratch> {
  const events: Input = { kind: "scratch", scratch: narrow };
  await using repeated = await engine.scratch({
    sql: `SELECT _key FROM narrow WHERE ${KEPT_IMAGE} GROUP BY _key HAVING count(*) > 1`,
    inputs: { narrow: events },
  });
  const newest = await engine.scratch(newestImages(narrow, repeated));
  if (repeated.rows === 0) return newest;
  await using tied = await engine.scratch({
    sql: `SELECT n.__at, n._key, n._batch_id FROM narrow n
      JOIN (SELECT * FROM newest WHERE events > 1) w ON n._key = w._key AND n._sequence = w._sequence
      WHERE ${KEPT_IMAGE} QUALIFY count(*) OVER (PARTITION BY n._key) > 1`,
    inputs: { narrow: events, newest: { kind: "scratch", scratch: newest } },
  });
  if (tied.rows === 0) return newest;
  await using undecided = newest;
  return await engine.scratch({
    sql: "SELECT w._key, w._sequence, coalesce(d.__at, w.__at) AS __at FROM newest w LEFT JOIN decided d ON d._key = w._key",
    inputs: {
      newest: { kind: "scratch", scratch: undecided },
      decided: { kind: "relation", relation: decideTies(definition, tied, shaped) },
    },
  });
}

/** Only the images of repeated keys are compared: the state of a maximum over text is memory that the engine cannot spill. */
function newestImages(narrow: Scratch, repeated: Scratch): Relation {
  const single = `SELECT _key, _sequence, __at, CAST(1 AS BIGINT) AS events FROM narrow`;
  const inputs: Record<string, Input> = { narrow: { kind: "scratch", scratch: narrow } };
  if (repeated.rows === 0) return { sql: `${single} WHERE ${KEPT_IMAGE}`, inputs };
  return {
    sql: `${single} ANTI JOIN repeated ON repeated._key = narrow._key WHERE ${KEPT_IMAGE} UNION ALL
      SELECT _key, max(_sequence), arg_max(__at, _sequence), count(*)
      FROM narrow SEMI JOIN repeated ON repeated._key = narrow._key WHERE ${KEPT_IMAGE} GROUP BY _key`,
    inputs: { ...inputs, repeated: { kind: "scratch", scratch: repeated } },
  };
}

function decideTies(definition: SilverDefinition, tied: Scratch, shaped: Relation): Relation {
  return {
    sql: `SELECT tied._key, tied.__at FROM tied JOIN shaped ON tied.__at = shaped.__at
      QUALIFY row_number() OVER (PARTITION BY tied._key ORDER BY ${recordHash(definition, "shaped")} DESC, tied._batch_id, tied.__at) = 1`,
    inputs: { tied: { kind: "scratch", scratch: tied }, shaped: { kind: "relation", relation: shaped } },
  };
}

/** A digest of what the table keeps of a record: equal for records that lead to the same row. */
function recordHash(definition: SilverDefinition, side: string): string {
  const columns = definition.columns.filter((column) => column.from.kind === "attribute");
  const values = columns.map((column) => `${side}.${quoteIdentifier(column.name)}`);
  return `md5(CAST(row(${values.join(", ")}) AS VARCHAR))`;
}

/**
 * Winners whose sequence equals the one of the row that the table has already: `_key`, `__at`. Narrow, because all rows of a
 * snapshot have one sequence: whoever folds the next part of it asks this for every row, and mostly in vain.
 */
export function tiesWithTable(winners: Scratch, silver: OpenTable): Relation {
  return {
    sql: `SELECT w._key, w.__at FROM silver t JOIN winners w ON w._key = t._key AND w._sequence = t._image_sequence`,
    inputs: { winners: { kind: "scratch", scratch: winners }, silver: { kind: "table", table: silver } },
  };
}

/** The verdict which of the two images stays: `_key`, `wins`. Rows become digests before they meet, so that memory stays free. */
export function decideTiesWithTable(
  definition: SilverDefinition,
  tied: Scratch,
  shaped: Relation,
  silver: OpenTable,
): Relation {
  return {
    sql: `SELECT tied._key, s.digest > t.digest AS wins FROM tied
      JOIN (SELECT s.__at, ${recordHash(definition, "s")} AS digest FROM shaped s SEMI JOIN tied ON tied.__at = s.__at) s ON s.__at = tied.__at
      JOIN (SELECT t._key, ${recordHash(definition, "t")} AS digest FROM silver t SEMI JOIN tied ON tied._key = t._key) t ON t._key = tied._key`,
    inputs: {
      tied: { kind: "scratch", scratch: tied },
      shaped: { kind: "relation", relation: shaped },
      silver: { kind: "table", table: silver },
    },
  };
}
