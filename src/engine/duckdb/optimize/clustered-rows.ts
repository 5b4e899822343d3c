import type { Clustering, TableMetadata } from "../../../delta/index.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf } from "../../sql-text.ts";
import type { Doing } from "../engine-failure.ts";
import type { Session } from "../session.ts";
import { bitsPerDimension, curvePositions } from "./space-filling-curve.ts";

/** Rows by which values are ranked: with so many, a range is off by some percent of itself. */
const SAMPLE_ROWS = 200_000;
/** The same rows lead to the same files, as far as the engine's threads let them. */
const SAMPLE_SEED = 42;

/**
 * SQL for the rows in an order in which those with like values of any of the columns lie close together: each column's values are
 * ranked into ranges of about as many rows, and rows go along a curve through the cells that these make.
 */
export async function clusteredRows(
  session: Session,
  {
    sql,
    schema,
    clustering,
  }: { readonly sql: string; readonly schema: TableMetadata["schema"]; readonly clustering: Clustering },
  doing: Doing,
): Promise<string> {
  const { columns, curve } = clustering;
  const names = columns.map((name) => quoteIdentifier(name));
  // Files and row groups of one range are sorted within, by the first column.
  if (columns.length === 1) return `SELECT * FROM (${sql}) ORDER BY ${names.join(", ")}`;
  const bits = bitsPerDimension(columns.length);
  const bounds = await quantiles(session, { sql, names, count: 2 ** bits }, doing);
  const ranks = columns.map((name, index) => {
    const type = schema.fields.find((field) => field.name === name)?.type ?? "string";
    return rankSql(quoteIdentifier(name), { bounds: bounds[index] ?? [], sqlType: sqlTypeOf(type), bits });
  });
  const cell = ranks.map((rank, index) => `((${rank})::INTEGER << ${bits * (columns.length - 1 - index)})`).join(" + ");
  const positions = JSON.stringify([...curvePositions(columns.length, curve)]);
  return `WITH curve AS MATERIALIZED (SELECT unnest(CAST(${quoteLiteral(positions)} AS USMALLINT[])) AS at,
      unnest(range(${2 ** (bits * columns.length)})) AS cell)
    SELECT c.* EXCLUDE (__cell) FROM (SELECT r.*, ${cell} AS __cell FROM (${sql}) r) c JOIN curve ON curve.cell = c.__cell
    ORDER BY curve.at, ${names.map((name) => `c.${name}`).join(", ")}`;
}

/** For each column the values, as text, that part a sample of its rows into ranges of the same number. */
async function quantiles(
  session: Session,
  { sql, names, count }: { readonly sql: string; readonly names: readonly string[]; readonly count: number },
  doing: Doing,
): Promise<readonly (readonly string[])[]> {
  const shares = Array.from({ length: count - 1 }, (_, index) => (index + 1) / count).join(", ");
  const lists = names.map(
    (name) =>
      `to_json(list_transform(quantile_disc(${name}, [${shares}]), lambda bound: CAST(bound AS VARCHAR)))::VARCHAR`,
  );
  const [found] = await session.rows(
    `SELECT ${lists.join(", ")} FROM (SELECT ${names.join(", ")} FROM (${sql})
      USING SAMPLE reservoir(${SAMPLE_ROWS} ROWS) REPEATABLE (${SAMPLE_SEED}))`,
    doing,
  );
  return names.map((_, index) => {
    const text = found?.[index];
    const bounds: unknown = typeof text === "string" ? JSON.parse(text) : [];
    const texts = Array.isArray(bounds) ? bounds.filter((bound) => typeof bound === "string") : [];
    // A text with a NUL can stand in no SQL; the ranges beside it take its rows.
    return [...new Set(texts)].filter((bound) => !bound.includes("\0"));
  });
}

/**
 * SQL for the range that a value is in, the ranges dealt out over all numbers of so many bits: a column of two values parts the
 * rows first of all. A decision tree, so that a row costs as many comparisons as the number has bits. NULL is in the lowest.
 */
function rankSql(
  name: string,
  { bounds, sqlType, bits }: { readonly bounds: readonly string[]; readonly sqlType: string; readonly bits: number },
): string {
  const rank = (index: number): number => Math.floor((index * 2 ** bits) / (bounds.length + 1));
  const decide = (from: number, to: number): string => {
    if (from === to) return String(rank(from));
    const middle = Math.floor((from + to) / 2);
    const bound = `CAST(${quoteLiteral(bounds[middle] ?? "")} AS ${sqlType})`;
    return `CASE WHEN ${name} >= ${bound} THEN ${decide(middle + 1, to)} ELSE ${decide(from, middle)} END`;
  };
  return decide(0, bounds.length);
}
