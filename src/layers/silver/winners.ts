import type { SilverDefinition } from "../../definition/index.ts";
import {
  quoteIdentifier,
  type Engine,
  type Input,
  type OpenTable,
  type Relation,
  type Scratch,
} from "../../engine/index.ts";

/**
 * The newest image of each key among the events of `narrow`: `_key`, `_sequence`, `__file`, `__row` (DESIGN, "Order":
 * equal sequences are decided by a hash of the record, then by the lowest batch).
 */
export async function pickWinners(
  engine: Engine,
  definition: SilverDefinition,
  narrow: Scratch,
  shaped: Relation,
): Promise<Scratch> {
  const images = "SELECT * FROM narrow WHERE __kind = 'image' AND __fate = 'keep'";
  const newest = await engine.scratch({
    sql: `SELECT _key, max(_sequence) AS _sequence, arg_max({'file': __file, 'row': __row}, _sequence) AS at, count(*) AS events
      FROM (${images}) GROUP BY _key`,
    inputs: { narrow: { kind: "scratch", scratch: narrow } },
  });
  const tied = await engine.scratch({
    sql: `SELECT n.__file, n.__row, n._key, n._batch_id FROM (${images}) n JOIN newest w ON n._key = w._key AND n._sequence = w._sequence
      WHERE w.events > 1 QUALIFY count(*) OVER (PARTITION BY n._key) > 1`,
    inputs: { narrow: { kind: "scratch", scratch: narrow }, newest: { kind: "scratch", scratch: newest } },
  });
  try {
    return await engine.scratch({
      sql: `SELECT newest._key, newest._sequence, coalesce(decided.__file, newest.at.file) AS __file,
          coalesce(decided.__row, newest.at.row) AS __row FROM newest LEFT JOIN decided USING (_key)`,
      inputs: {
        newest: { kind: "scratch", scratch: newest },
        decided: tied.rows === 0 ? NO_TIES : { kind: "relation", relation: decideTies(definition, tied, shaped) },
      },
    });
  } finally {
    await newest[Symbol.asyncDispose]();
    await tied[Symbol.asyncDispose]();
  }
}

const NO_TIES: Input = {
  kind: "relation",
  relation: { sql: `SELECT '' AS _key, '' AS __file, CAST(0 AS BIGINT) AS __row WHERE false`, inputs: {} },
};

function decideTies(definition: SilverDefinition, tied: Scratch, shaped: Relation): Relation {
  return {
    sql: `SELECT tied._key, tied.__file, tied.__row FROM tied JOIN shaped ON tied.__file = shaped.__file AND tied.__row = shaped.__row
      QUALIFY row_number() OVER (PARTITION BY tied._key ORDER BY ${recordHash(definition, "shaped")} DESC, tied._batch_id, tied.__file, tied.__row) = 1`,
    inputs: { tied: { kind: "scratch", scratch: tied }, shaped: { kind: "relation", relation: shaped } },
  };
}

/** A digest of what the table keeps of a record: equal for records that lead to the same row. */
export function recordHash(definition: SilverDefinition, side: string): string {
  const columns = definition.columns.filter((column) => column.from.kind === "attribute");
  const values = columns.map((column) => `${side}.${quoteIdentifier(column.name)}`);
  return `md5(CAST(row(${values.join(", ")}) AS VARCHAR))`;
}

/**
 * Winners whose sequence equals the one of the row that the table has already, with the verdict which of the two stays:
 * `_key`, `wins`. Only looked for when an event can be as old as what was folded before.
 */
export function tiesWithTable(
  definition: SilverDefinition,
  winners: Scratch,
  shaped: Relation,
  silver: OpenTable,
): Relation {
  return {
    sql: `SELECT w._key, ${recordHash(definition, "s")} > ${recordHash(definition, "t")} AS wins
      FROM winners w JOIN silver t ON w._key = t._key AND w._sequence = t._image_sequence
      JOIN shaped s ON s.__file = w.__file AND s.__row = w.__row`,
    inputs: {
      winners: { kind: "scratch", scratch: winners },
      shaped: { kind: "relation", relation: shaped },
      silver: { kind: "table", table: silver },
    },
  };
}
