import { parseJson } from "../../base/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { Trace, TracedEvent } from "../../lake/index.ts";
import { thousands, utcTime } from "./amounts.ts";
import { isoInstant } from "./instant.ts";
import { rawJson, type Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { valueJson, valueText } from "./row-value.ts";
import { safeLine } from "./safe-text.ts";
import { logJson } from "./table-history.ts";
import { textTable, type Cell } from "./text-table.ts";

export interface TraceTextOptions {
  /** Of the traced table; undefined where it has no version. */
  readonly schema: StructType | undefined;
  readonly paint: Paint;
  /** Records go to a pipe as they are, to a terminal without what would steer it. */
  readonly isTerminal: boolean;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  I: "I insert",
  U: "U update",
  D: "D delete",
  R: "R snapshot row",
  T: "T truncate",
};

/** From the row down to the files: each part under its title. */
export function traceText(trace: Trace, options: TraceTextOptions): string {
  const { paint } = options;
  const titled = (title: string, text: string): string => (text === "" ? "" : `\n${paint.bold(title)}\n${text}`);
  const single = { paint, indent: "  " };
  return [
    `${trace.table}  ${safeLine(trace.key)}\n`,
    titled("Row", rowText(trace, options)),
    titled("Made from", trace.silver.length === 0 ? "" : textTable(MADE_FROM, madeFromRows(trace), single)),
    titled("Events in Bronze, oldest first", eventsText(trace.bronze, options)),
    titled("Batches", trace.batches.length === 0 ? "" : textTable(BATCHES, batchRows(trace), single)),
  ].join("");
}

const MADE_FROM = [{ title: "table" }, { title: "rows", align: "right" as const }, { title: "keys" }];
const KEYS_SHOWN = 5;
const BATCHES = [
  { title: "table" },
  { title: "batch", align: "right" as const },
  { title: "taken in" },
  { title: "channel" },
  { title: "files", align: "right" as const },
  { title: "rows", align: "right" as const },
  { title: "run" },
];

function rowText({ row }: Trace, { schema, paint }: TraceTextOptions): string {
  if (schema === undefined) return "";
  if (row === undefined) return `  ${paint.dim("none: deleted, or never let in; its events are below")}\n`;
  const widest = Math.max(...schema.fields.map((one) => safeLine(one.name).length));
  return schema.fields
    .map((one) => {
      const text = valueText(row[one.name], one.type);
      return `  ${paint.dim(safeLine(one.name).padEnd(widest))}  ${text === null ? paint.dim("NULL") : safeLine(text)}\n`;
    })
    .join("");
}

function madeFromRows({ silver }: Trace): Cell[][] {
  return silver.map(({ table, keys, total }) => {
    const shown = keys.slice(0, KEYS_SHOWN);
    const more = total > shown.length ? `  … ${thousands(total - shown.length)} more` : "";
    return [table, thousands(total), shown.map((key) => safeLine(key)).join("  ") + more];
  });
}

function eventsText(events: readonly TracedEvent[], { paint, isTerminal }: TraceTextOptions): string {
  if (events.length === 0) return "";
  const columns = [
    { title: "operation" },
    { title: "at the source" },
    { title: "key" },
    { title: "batch", align: "right" as const },
    { title: "file" },
  ];
  const rows = events.map((event): Cell[] => [
    OPERATIONS[event.operation] ?? safeLine(event.operation),
    event.sourceMicros === null ? "" : isoInstant(event.sourceMicros, "Z"),
    safeLine(event.key),
    String(event.batchId),
    safeLine(placeOf(event)),
  ]);
  const table = textTable(columns, rows, { paint, indent: "  " });
  const records = events.flatMap(({ record }) =>
    record === undefined ? [] : [isTerminal ? safeLine(record) : record],
  );
  return records.length === 0 ? table : `${table}\n${paint.bold("Records")}\n${records.join("\n")}\n`;
}

/** `AWSDynamoDB/…/4f96.json.gz:17` */
function placeOf({ file, line }: TracedEvent): string {
  if (file === null) return "";
  return line === undefined ? file : `${file}:${line}`;
}

function batchRows({ batches }: Trace): Cell[][] {
  return batches.map((batch) => [
    batch.table,
    String(batch.batch),
    utcTime(batch.createdMs),
    batch.channel,
    thousands(batch.files.length),
    thousands(batch.rows),
    batch.run,
  ]);
}

export function traceJson(trace: Trace, schema: StructType | undefined): { readonly [name: string]: Jsonable } {
  const { row } = trace;
  return {
    table: trace.table,
    key: trace.key,
    row:
      row === undefined || schema === undefined
        ? null
        : Object.fromEntries(schema.fields.map((one) => [one.name, rawJson(valueJson(row[one.name], one.type))])),
    madeFrom: trace.silver.map(({ table, keys, total }) => ({ table, keys, total })),
    bronze: trace.bronze.map((event) => ({
      table: event.table,
      key: event.key,
      eventId: event.eventId,
      operation: event.operation,
      sequence: event.sequence,
      sourceTime: event.sourceMicros === null ? null : isoInstant(event.sourceMicros, "Z"),
      batch: event.batchId,
      file: event.file,
      line: event.line ?? null,
      record: recordJson(event.record),
    })),
    batches: trace.batches.map((batch) => ({
      table: batch.table,
      batch: batch.batch,
      channel: batch.channel,
      run: batch.run,
      committedAt: new Date(batch.createdMs).toISOString(),
      rows: batch.rows,
      files: batch.files.map(({ path, sizeBytes, md5, records, rows, quarantined }) => ({
        path,
        sizeBytes,
        md5,
        records,
        rows,
        quarantined,
      })),
    })),
  };
}

/** The record as an object; left out where it was not asked for. */
function recordJson(record: string | undefined): Jsonable {
  if (record === undefined) return undefined;
  try {
    return logJson(parseJson(record));
  } catch {
    return record;
  }
}
