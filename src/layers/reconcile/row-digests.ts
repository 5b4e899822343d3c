import { isReservedName, type StructType } from "../../contract/index.ts";
import {
  quoteIdentifier,
  quoteLiteral,
  type Engine,
  type Input,
  type OpenTable,
  type Scratch,
} from "../../engine/index.ts";

/**
 * One row a record: `_key`, and the 128 bits of an MD5 over its attributes in two halves, `lo` and `hi`. Attributes that a record does not
 * have take no part, so neither the columns that others have nor their order matter. Records that differ have different digests but for a
 * chance of 2⁻¹²⁸; of equal ones almost all have equal digests: one that is spelt otherwise (a set's elements in another order) is looked
 * at once more.
 */
function digestSql(schema: StructType, from: string, more: string): string {
  const texts = schema.fields
    .filter(({ name }) => !isReservedName(name) || name === "_rescued")
    .map(({ name }) => {
      const column = quoteIdentifier(name);
      return `CASE WHEN ${column} IS NOT NULL THEN ${quoteLiteral(`${JSON.stringify(name)}:`)} || CAST(to_json(${column}) AS VARCHAR) END`;
    });
  // JSON has no such character.
  const text = `concat_ws(chr(30), ${texts.join(", ")})`;
  return `SELECT _key, ${more} CAST(md5_number_lower(record) AS DECIMAL(20, 0)) AS lo, CAST(md5_number_upper(record) AS DECIMAL(20, 0)) AS hi
    FROM (SELECT _key, ${more} ${text} AS record FROM ${from})`;
}

/** The records of a batch that was read from the source. */
export async function sourceDigests(
  engine: Engine,
  {
    relation,
    schema,
  }: {
    readonly relation: { readonly sql: string; readonly inputs: Readonly<Record<string, Input>> };
    readonly schema: StructType;
  },
): Promise<Scratch> {
  return await engine.scratch({
    sql: digestSql(schema, "staged", ""),
    inputs: { staged: { kind: "relation", relation } },
  });
}

/** An event that has its record: no delete, no truncate, and none that the source told of without it. */
export const HAS_IMAGE = `_op IN ('I', 'U', 'R') AND NOT regexp_matches(coalesce(_source_meta, ''), '"image":"(none|later|gone|own)"')`;

/**
 * The newest record of each key that the table's events leave alive: two maxima, its newest image and its highest delete, of its own or of
 * all keys (DESIGN, "One data path").
 */
export async function liveDigests(engine: Engine, bronze: OpenTable, schema: StructType): Promise<Scratch> {
  await using events = await engine.scratch({
    sql: `SELECT * EXCLUDE (_op, _source_meta), CASE WHEN ${HAS_IMAGE} THEN 'image' WHEN _op = 'D' THEN 'delete' WHEN _op = 'T' THEN 'truncate' END AS kind
      FROM (${digestSql(schema, "bronze", "_sequence, _op, _source_meta,")})
      WHERE _op IN ('D', 'T') OR (${HAS_IMAGE})`,
    inputs: { bronze: { kind: "table", table: bronze } },
  });
  const input: Input = { kind: "scratch", scratch: events };
  await using repeated = await engine.scratch({
    sql: "SELECT _key FROM events WHERE _key IS NOT NULL GROUP BY _key HAVING count(*) > 1",
    inputs: { events: input },
  });
  const above = "_sequence > coalesce((SELECT max(_sequence) FROM events WHERE kind = 'truncate'), '')";
  // Only keys of several events are put in order: most have one.
  return await engine.scratch({
    sql: `SELECT _key, lo, hi FROM events ANTI JOIN repeated ON repeated._key = events._key WHERE kind = 'image' AND ${above}
      UNION ALL SELECT _key, lo, hi FROM (
        SELECT * FROM events SEMI JOIN repeated ON repeated._key = events._key
        QUALIFY row_number() OVER (PARTITION BY _key ORDER BY _sequence DESC, kind DESC, hi DESC, lo DESC) = 1)
      WHERE kind = 'image' AND ${above}`,
    inputs: { events: input, repeated: { kind: "scratch", scratch: repeated } },
  });
}
