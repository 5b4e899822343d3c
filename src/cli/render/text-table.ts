import type { Paint } from "./paint.ts";
import { cutToWidth, textWidth } from "./text-width.ts";

export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** A cell: safe text, and how it is painted once it has been padded. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

export interface TextTableOptions {
  readonly paint: Paint;
  /** Cells of the terminal; wide columns are cut so that a row fits. Left out: nothing is cut. */
  readonly width?: number | undefined;
  readonly indent?: string;
}

const GAP = "  ";
const NARROWEST = 12; // a column is never cut to less

/** Aligned columns under their titles, one line a row. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly Cell[])[],
  options: TextTableOptions,
): string {
  return textTablePages(columns, options)(rows);
}

/** The same, page by page: the titles stand over the first page, columns only ever grow. */
export function textTablePages(
  columns: readonly TableColumn[],
  { paint, width, indent = "" }: TextTableOptions,
): (rows: readonly (readonly Cell[])[]) => string {
  let natural = columns.map((column) => textWidth(column.title));
  let isFirst = true;
  return (rows) => {
    natural = natural.map((least, index) => rows.reduce((most, row) => Math.max(most, cellWidth(row[index])), least));
    const widths = width === undefined ? natural : fitWidths(natural, width - indent.length);
    const lineOf = (cells: readonly Cell[], paintCell: (cell: Cell, padded: string) => string): string => {
      const shown = columns.map((column, index) => {
        const cell = cells[index] ?? "";
        const isLast = index === columns.length - 1;
        return paintCell(cell, pad(textOf(cell), widths[index] ?? 0, column.align ?? "left", isLast));
      });
      return `${`${indent}${shown.join(GAP)}`.trimEnd()}\n`;
    };
    const header = isFirst
      ? lineOf(
          columns.map((column) => column.title),
          (_, padded) => paint.dim(padded),
        )
      : "";
    isFirst = false;
    return header + rows.map((row) => lineOf(row, paintOwn)).join("");
  };
}

function paintOwn(cell: Cell, padded: string): string {
  return typeof cell === "string" ? padded : cell.paint(padded);
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function cellWidth(cell: Cell | undefined): number {
  return cell === undefined ? 0 : textWidth(textOf(cell));
}

/** Takes from the widest columns until a row fits, or until none can give any more. */
function fitWidths(widths: readonly number[], room: number): readonly number[] {
  const gaps = GAP.length * Math.max(0, widths.length - 1);
  const fits = (cap: number): boolean => widths.reduce((sum, width) => sum + Math.min(width, cap), gaps) <= room;
  let cap = Math.max(NARROWEST, ...widths);
  while (cap > NARROWEST && !fits(cap)) cap -= 1;
  return widths.map((width) => Math.min(width, cap));
}

function pad(text: string, width: number, align: "left" | "right", isLast: boolean): string {
  const cut = cutToWidth(text, width);
  const blanks = " ".repeat(Math.max(0, width - textWidth(cut)));
  if (align === "right") return blanks + cut;
  return isLast ? cut : cut + blanks;
}
