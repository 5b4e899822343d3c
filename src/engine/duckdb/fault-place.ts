/** The line of a fault with a caret below it, as DuckDB shows it; `offset` counts bytes. Nothing for an offset outside. */
export function place(sql: string, offset: number): string {
  const bytes = Buffer.from(sql, "utf8");
  if (offset < 0 || offset > bytes.length) return "";
  const before = bytes.subarray(0, offset).toString("utf8");
  const line = before.split("\n").length;
  const column = before.length - (before.lastIndexOf("\n") + 1);
  const text = sql.split("\n")[line - 1] ?? "";
  const start = Math.max(0, column - WIDTH / 2);
  const shown = text.slice(start, start + WIDTH);
  const label = `LINE ${line}: `;
  return `\n\n${label}${shown}\n${" ".repeat(label.length + column - start)}^`;
}

const WIDTH = 100;
