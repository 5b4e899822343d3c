import type { FlushedTable, StartEvent } from "../../orchestration/index.ts";
import { counted, duration, thousands } from "./amounts.ts";
import { failureJson, failureText } from "./failure-text.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { reconcileJson, reconcileText } from "./reconciliation.ts";
import { safeLine } from "./safe-text.ts";

/** So many tables are named in a line; of more, their number. */
const TABLES_NAMED = 4;

/** `10:05:24Z  1,250 rows  bronze.orders 17 · silver.orders 12  newest 10:05:22Z  lag 1.2 s` */
export function flushLine(event: Extract<StartEvent, { kind: "flush" }>): string {
  const { tables, newestMs, lagMs, atMs } = event;
  const taken = tables.filter(({ table }) => table.startsWith("bronze."));
  const rows = (taken.length > 0 ? taken : tables).reduce((sum, one) => sum + one.rows, 0);
  const quarantined = tables.reduce((sum, one) => sum + one.quarantined, 0);
  const named = tables.map(({ table, version }) => `${table} ${version ?? ""}`.trimEnd()).join(" · ");
  return [
    clock(atMs),
    counted(rows, "row"),
    tables.length > TABLES_NAMED ? counted(tables.length, "table") : named,
    ...(quarantined === 0 ? [] : [`${thousands(quarantined)} quarantined`]),
    ...(newestMs === undefined ? [] : [`newest ${clock(newestMs)}`]),
    ...(lagMs === undefined ? [] : [`lag ${duration(Math.max(0, lagMs))}`]),
  ].join("  ");
}

/** What is told beside flushes, each with its newline; empty: nothing. */
export function eventText(
  event: Exclude<StartEvent, { readonly kind: "flush" }>,
  { paint, isVerbose }: { readonly paint: Paint; readonly isVerbose: boolean },
): string {
  const at = clock(event.atMs);
  switch (event.kind) {
    case "failed": {
      const next = event.againMs === undefined ? "is given up" : `is tried again in ${duration(event.againMs)}`;
      const what = event.during === undefined ? "" : "goes on; its comparison with the source ";
      return `${at}  ${paint.bold(event.table)} ${what}${next}\n${failureText(event.error, paint, { isVerbose })}`;
    }
    case "recovered":
      return `${at}  ${paint.bold(event.table)} goes on\n`;
    case "notice":
      return `${at}  ${event.table}  ${safeLine(`${event.notice.what}: ${event.notice.why}`)}\n`;
    case "published": {
      const { table, target, put, deleted } = event;
      return `${at}  ${table} → ${safeLine(target)}  ${thousands(put)} put, ${thousands(deleted)} deleted\n`;
    }
    case "reconciled":
      return `${at}  ${reconcileText(event.report, paint)}`;
    case "stopping":
      return event.tables.length === 0 ? "" : `${at}  Finishing ${event.tables.join(", ")}\n`;
  }
}

/** One line of JSON an event. */
export function eventJson(event: StartEvent): { readonly [name: string]: Jsonable } {
  const base = { schema: "sluice.start/1", event: event.kind, at: instant(event.atMs) };
  switch (event.kind) {
    case "flush": {
      const { tables, newestMs, lagMs } = event;
      return { ...base, newest: instant(newestMs), lagMs: lagMs ?? null, tables: tables.map(flushedJson) };
    }
    case "failed":
      return {
        ...base,
        table: event.table,
        ...(event.during === undefined ? {} : { during: event.during }),
        againMs: event.againMs ?? null,
        error: failureJson(event.error),
      };
    case "recovered":
      return { ...base, table: event.table };
    case "notice":
      return { ...base, table: event.table, what: event.notice.what, why: event.notice.why };
    case "published": {
      const { table, target, put, deleted } = event;
      return { ...base, table, target, put, deleted };
    }
    case "reconciled":
      return { ...base, ...reconcileJson(event.report) };
    case "stopping":
      return { ...base, tables: [...event.tables] };
  }
}

function flushedJson({ table, version, rows, quarantined, newestMs, lagMs }: FlushedTable): Jsonable {
  return { table, version: version ?? null, rows, quarantined, newest: instant(newestMs), lagMs: lagMs ?? null };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** The time of a day, in UTC. */
function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)}Z`;
}
