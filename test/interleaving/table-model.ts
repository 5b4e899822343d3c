/** A table as a sequence of operations leaves it, without files, versions or writers: what the real one is judged by. */
export interface TableModel {
  readonly columns: readonly string[];
  /** By id; a column that a row does not have is null. */
  readonly rows: ReadonlyMap<number, ModelRow>;
}

export type ModelRow = Readonly<Record<string, number | null>>;

/** Rows whose value is their id. */
export function tableOf(...ids: readonly number[]): TableModel {
  return { columns: ["id", "value"], rows: new Map(ids.map((id) => [id, { id, value: id }])) };
}

export function withRows(table: TableModel, rows: readonly ModelRow[]): TableModel {
  return { ...table, rows: new Map([...table.rows, ...rows.map((row) => [row["id"] ?? 0, row] as const)]) };
}

export function withoutRows(table: TableModel, goes: (row: ModelRow) => boolean): TableModel {
  return { ...table, rows: new Map([...table.rows].filter(([, row]) => !goes(row))) };
}

export function changedRows(table: TableModel, change: (row: ModelRow) => ModelRow): TableModel {
  return { ...table, rows: new Map([...table.rows].map(([id, row]) => [id, change(row)])) };
}

/** As text that compares by value. */
export function shownTable({ columns, rows }: TableModel): string {
  const lines = [...rows.values()].map((row) => columns.map((column) => String(row[column] ?? null)).join("|"));
  return [columns.join("|"), ...lines.toSorted()].join("\n");
}
