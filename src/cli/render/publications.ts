import type { DriftReport } from "../../layers/index.ts";
import type { PublicationReport } from "../../orchestration/index.ts";
import { counted, duration, thousands } from "./amounts.ts";
import { failureJson } from "./failure-text.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable, type Cell } from "./text-table.ts";

/** What was brought into targets, one line a table; nothing at all where everything was there. */
export function publicationsText(publications: readonly PublicationReport[], paint: Paint): string {
  if (publications.every(({ outcome }) => outcome === "unchanged")) return "";
  const columns = [
    { title: "published" },
    { title: "to" },
    { title: "outcome" },
    { title: "version", align: "right" as const },
    { title: "put", align: "right" as const },
    { title: "deleted", align: "right" as const },
    { title: "units", align: "right" as const },
    { title: "took", align: "right" as const },
  ];
  const painted = { published: paint.green, unchanged: paint.dim, failed: paint.red } as const;
  const rows = publications.map((one): Cell[] => [
    one.table,
    safeLine(one.target),
    { text: one.outcome, paint: painted[one.outcome] },
    one.version === undefined ? "" : String(one.version),
    ...(one.outcome === "published"
      ? [thousands(one.put), thousands(one.deleted), thousands(Math.round(one.units))]
      : ["", "", ""]),
    one.outcome === "unchanged" ? "" : duration(one.elapsedMs),
  ]);
  return textTable(columns, rows, { paint });
}

export function publicationJson(one: PublicationReport): Jsonable {
  const { table, target, outcome, version = null, put, deleted, units, error, elapsedMs } = one;
  return {
    table,
    target,
    outcome,
    version,
    put,
    deleted,
    units,
    error: error === undefined ? null : failureJson(error),
    elapsedMs: Math.round(elapsedMs),
  };
}

/** How a target differs from its table: counts, and some of the keys. */
export function driftText(table: string, drift: DriftReport, paint: Paint): string {
  const { version, newest, isUnfinished, missing, different, extra, rows, keys } = drift;
  if (version === undefined) return `${table} was not published yet\n`;
  const behind = newest !== undefined && newest > version ? `, the table is at ${newest}` : "";
  const unfinished = isUnfinished ? ", and a publish is at work or was stopped" : "";
  const state = `${table} version ${version}${behind}${unfinished}`;
  const count = missing + different + extra;
  if (count === 0) return `${state}: ${counted(rows, "row")}, and the target has them\n`;
  const columns = [{ title: "what" }, { title: "key" }];
  const lines = keys.map(({ what, key }) => [what, safeLine(key.join("  "))]);
  const rest = count > keys.length ? [["…", `${thousands(count - keys.length)} more`]] : [];
  const counts = `${thousands(missing)} missing, ${thousands(different)} different, ${thousands(extra)} extra of ${counted(rows, "row")}`;
  return `${state}: ${counts}\n${textTable(columns, [...lines, ...rest], { paint, indent: "  " })}`;
}

export function driftJson(table: string, drift: DriftReport): Jsonable {
  const { version = null, newest = null, keys, ...counts } = drift;
  return { table, version, newest, ...counts, keys: keys.map(({ what, key }) => ({ what, key })) };
}
