import { thousands } from "./amounts.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable } from "./text-table.ts";

export interface TableNotices {
  readonly table: string;
  readonly notices: readonly { readonly what: string; readonly why: string }[];
}

const SHOWN_MAX = 20; // of each table; the rest is counted

/** What waits or was passed over, by table; nothing at all where there is none. */
export function noticesText(title: string, tables: readonly TableNotices[], paint: Paint): string {
  const rows = tables.flatMap(({ table, notices }) => [
    ...notices.slice(0, SHOWN_MAX).map((one) => [table, safeLine(one.what), safeLine(one.why)]),
    ...(notices.length > SHOWN_MAX ? [[table, `… ${thousands(notices.length - SHOWN_MAX)} more`, ""]] : []),
  ]);
  if (rows.length === 0) return "";
  const columns = [{ title: "table" }, { title: "what" }, { title: "why" }];
  return `\n${paint.bold(title)}\n${textTable(columns, rows, { paint, indent: "  " })}`;
}
