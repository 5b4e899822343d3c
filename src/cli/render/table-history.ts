import { JsonNumber, type JsonValue } from "../../base/index.ts";
import type { HistoryEntry } from "../../delta/index.ts";
import { byteSize, counted, moment } from "./amounts.ts";
import { jsonText, type Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable, type Cell } from "./text-table.ts";

/** One line a commit: when, what, how much, by whom. */
export function historyText(
  entries: readonly HistoryEntry[],
  options: { readonly paint: Paint; readonly width: number | undefined; readonly nowMs: number },
): string {
  const columns = [
    { title: "version", align: "right" as const },
    { title: "committed" },
    { title: "operation" },
    { title: "effect" },
    { title: "parameters" },
    { title: "engine" },
  ];
  const rows = entries.map(({ version, timestampMs, commitInfo }): Cell[] => [
    String(version),
    moment(timestampMs, options.nowMs),
    safeLine(textOf(commitInfo?.["operation"])),
    effectOf(numbersOf(commitInfo?.["operationMetrics"])),
    safeLine(parametersOf(commitInfo?.["operationParameters"])),
    { text: safeLine(textOf(commitInfo?.["engineInfo"])), paint: options.paint.dim },
  ]);
  return textTable(columns, rows, options);
}

export function historyJson({ version, timestampMs, commitInfo }: HistoryEntry): Jsonable {
  return { version, committedAt: new Date(timestampMs).toISOString(), commitInfo: logJson(commitInfo ?? null) };
}

/** What stands in the log as what is printed: numbers that a double would change become strings. */
export function logJson(value: JsonValue): Jsonable {
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return value.map((item) => logJson(item));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, logJson(member)]));
  }
  return value;
}

/** Rows by the metrics' names of Delta's `WRITE`, `MERGE` and `DELETE`. */
const EFFECTS: readonly (readonly [metric: string, sign: string])[] = [
  ["numOutputRows", "+"],
  ["numTargetRowsInserted", "+"],
  ["numTargetRowsUpdated", "~"],
  ["numUpdatedRows", "~"],
  ["numTargetRowsDeleted", "−"],
  ["numDeletedRows", "−"],
];

function effectOf(metrics: ReadonlyMap<string, number>): string {
  const isMerge = metrics.has("numTargetRowsInserted");
  const rows = EFFECTS.filter(([metric]) => (metrics.get(metric) ?? 0) > 0 && !(isMerge && metric === "numOutputRows"));
  const bytes = metrics.get("numOutputBytes") ?? metrics.get("numTargetBytesAdded") ?? 0;
  const parts = rows.map(([metric, sign]) => `${sign}${counted(metrics.get(metric) ?? 0, "row")}`);
  return [...parts, ...(bytes > 0 ? [byteSize(bytes)] : [])].join(", ");
}

function numbersOf(metrics: JsonValue | undefined): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  if (metrics === null || typeof metrics !== "object" || Array.isArray(metrics) || metrics instanceof JsonNumber)
    return found;
  for (const [name, value] of Object.entries(metrics)) {
    const number = Number(textOf(value));
    if (Number.isSafeInteger(number)) found.set(name, number);
  }
  return found;
}

function parametersOf(parameters: JsonValue | undefined): string {
  if (parameters === null || typeof parameters !== "object" || Array.isArray(parameters)) return "";
  if (parameters instanceof JsonNumber) return parameters.text;
  return Object.entries(parameters)
    .filter(([, value]) => value !== null && textOf(value) !== "[]" && textOf(value) !== "")
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(" ");
}

function textOf(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : jsonText(logJson(value));
}
