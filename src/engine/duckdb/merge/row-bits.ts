import type { MergeStep } from "./merge-step.ts";

/**
 * A temporary table with one bit string over the source's rows, those on that `rows` (SQL with one column) gives. Choosing rows by
 * it costs next to nothing and, unlike a join, never holds whole rows in memory.
 */
export async function rowBits({ session, source, doing }: MergeStep, rows: string): Promise<string> {
  const bits = session.newName("bits");
  const last = Math.max(source.rows - 1, 0);
  const sql = `SELECT bitstring_agg(s, 0::BIGINT, ${last}::BIGINT) AS bits FROM (${rows}) r(s)`;
  await session.run(`CREATE TEMP TABLE ${bits} AS ${sql}`, doing);
  return bits;
}

/** SQL for a row's bit: 1 or 0. */
export function bitOf(alias: string, row: string): string {
  return `coalesce(get_bit(${alias}.bits, ${row}::INTEGER), 0)`;
}
