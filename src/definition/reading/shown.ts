import { markOf, type Mark, type MarkKind } from "../builders/mark.ts";

const TEXT_MAX = 60; // a message stays one readable line

/** A wrong value, in a few words. Never fails, whatever the value. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "string":
      return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return shownObject(value);
    case "number":
    case "boolean":
      return String(value);
  }
}

function shownObject(value: object | null): string {
  if (value === null) return "null";
  const mark = markOf(value);
  if (mark !== undefined) return shownMark(mark);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Date) return "a Date";
  if (value instanceof Promise) return "a Promise";
  return "an object";
}

function shownMark(mark: Mark<MarkKind, unknown>): string {
  switch (mark.kind) {
    case "lake":
      return "a lake";
    case "table":
      return `the table ${tableTitle(mark.contents)}`;
    case "source":
      return "a source";
    case "target":
      return "a target";
    case "column":
      return "a column";
    case "expectation":
      return "an expectation";
    case "sql":
      return "an sql query";
    case "with-deleted":
      return "withDeleted(…)";
    case "partition":
      return "a partition";
  }
}

function tableTitle(contents: unknown): string {
  const { layer, name } = contents as { readonly layer: string; readonly name: unknown };
  return typeof name === "string" ? `${layer}.${name}` : layer;
}
