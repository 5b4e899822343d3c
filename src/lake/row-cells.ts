import { must } from "../base/index.ts";
import type { Row } from "../engine/index.ts";

/** Cells of a row of our own SQL, where the type is known and NULL cannot be. */
export function textCell(row: Row, name: string): string {
  const value = row[name];
  return must(typeof value === "string" ? value : undefined, `the column ${name} holds text`);
}

/** A count or a number. */
export function numberCell(row: Row, name: string): number {
  const value = row[name];
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return Number(must(isNumber ? value : undefined, `the column ${name} holds a number`));
}

/** A timestamp, as ms since the epoch. */
export function millisCell(row: Row, name: string): number {
  const value = row[name];
  return Number(must(typeof value === "bigint" ? value : undefined, `the column ${name} holds a timestamp`) / 1000n);
}
