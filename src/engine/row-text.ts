import { SluiceError } from "../base/index.ts";
import type { Row } from "./engine.ts";

/** A column's value as text, where it is a plain one; null and a missing column are the empty text. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column];
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new SluiceError("internal.bug", `Column ${column} is no plain value`);
}

/** A column's whole number, 0 where there is none. */
export function countOf(row: Row | undefined, column: string): number {
  return Number(textOf(row, column));
}
