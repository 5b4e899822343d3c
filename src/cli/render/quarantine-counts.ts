import type { QuarantineCount } from "../../lake/index.ts";
import { moment, relativeTime, thousands } from "./amounts.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable } from "./text-table.ts";

export function quarantineText(
  counts: readonly QuarantineCount[],
  options: { readonly paint: Paint; readonly nowMs: number },
): string {
  const columns = [
    { title: "table" },
    { title: "reason" },
    { title: "records", align: "right" as const },
    { title: "first" },
    { title: "last" },
  ];
  const rows = counts.map((one) => [
    one.table,
    safeLine(one.reason),
    thousands(one.records),
    relativeTime(one.firstMs, options.nowMs),
    moment(one.lastMs, options.nowMs),
  ]);
  return textTable(columns, rows, options);
}

export function quarantineJson(counts: readonly QuarantineCount[]): Jsonable {
  return counts.map(({ table, reason, records, firstMs, lastMs }) => ({
    table,
    reason,
    records,
    firstAt: new Date(firstMs).toISOString(),
    lastAt: new Date(lastMs).toISOString(),
  }));
}
