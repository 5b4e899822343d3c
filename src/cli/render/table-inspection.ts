import { parseJson } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructField } from "../../contract/index.ts";
import type { AddFile } from "../../delta/index.ts";
import { liveRows, type TableInspection } from "../../lake/index.ts";
import { byteSize, counted, moment, thousands } from "./amounts.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { logJson } from "./table-history.ts";
import { textTable, type Cell } from "./text-table.ts";

export interface InspectionTextOptions {
  readonly paint: Paint;
  readonly nowMs: number;
  /** Where the table lies. */
  readonly place: string;
}

const FILES_SHOWN = 20;

export function inspectionText(table: TableInspection, options: InspectionTextOptions): string {
  const { paint } = options;
  const titled = (title: string, text: string): string => (text === "" ? "" : `\n${paint.bold(title)}\n${text}`);
  const section = (columns: readonly string[], rows: readonly Cell[][]): string =>
    rows.length === 0
      ? ""
      : textTable(
          columns.map((title) => ({ title })),
          rows,
          { paint, indent: "  " },
        );
  return [
    overview(table, options),
    titled("Features", section(["feature", "in use", "read", "write"], featureRows(table, paint))),
    titled("Columns", section(["column", "type", "meaning"], columnRows(table.metadata.schema.fields))),
    titled("Properties", section(["property", "value"], propertyRows(table))),
    titled(
      "Transactions",
      section(
        ["application", "version"],
        table.txns.map(({ appId, version }) => [safeLine(appId), String(version)]),
      ),
    ),
    titled("Files", filesText(table, options)),
  ].join("");
}

function overview(table: TableInspection, { paint, nowMs, place }: InspectionTextOptions): string {
  const { protocol, metadata, size } = table;
  const lines: [string, string][] = [
    ["place", safeLine(place)],
    ["table id", safeLine(metadata.id)],
    ...(metadata.name === undefined ? [] : [["name", safeLine(metadata.name)] as [string, string]]),
    ...(metadata.description === undefined
      ? []
      : [["description", safeLine(metadata.description)] as [string, string]]),
    [
      "version",
      table.timestampMs === undefined
        ? String(table.version)
        : `${table.version}, committed ${moment(table.timestampMs, nowMs)}`,
    ],
    ["protocol", `reader ${protocol.minReaderVersion}, writer ${protocol.minWriterVersion}`],
    ...(metadata.partitionColumns.length === 0
      ? []
      : [["partitions", metadata.partitionColumns.map((name) => safeLine(name)).join(", ")] as [string, string]]),
    ...(size === undefined
      ? []
      : [
          [
            "size",
            `${size.rows === undefined ? "rows unknown" : counted(size.rows, "row")} in ${counted(size.files, "file")}, ${byteSize(size.sizeBytes)}${size.deletedRows === 0 ? "" : `, ${counted(size.deletedRows, "deleted row")} marked`}`,
          ] as [string, string],
        ]),
    ...(table.unreadable === undefined
      ? []
      : [["unreadable", paint.red(safeLine(table.unreadable))] as [string, string]]),
  ];
  return lines.map(([name, text]) => `${paint.dim(name.padEnd(12))}${text}\n`).join("");
}

function featureRows({ features }: TableInspection, paint: Paint): Cell[][] {
  const verdict = (isGood: boolean): Cell =>
    isGood ? { text: "yes", paint: paint.green } : { text: "no", paint: paint.red };
  return features.map(({ name, isActive, canRead, canWrite }) => [
    safeLine(name),
    isActive === undefined ? "?" : isActive ? "yes" : "no",
    verdict(canRead),
    verdict(canWrite),
  ]);
}

function columnRows(fields: readonly StructField[]): Cell[][] {
  return fields.map((one) => {
    const { comment } = one.metadata;
    const meaning = [
      typeof comment === "string" ? comment : "",
      one.metadata["sluice.pii"] === true ? "(personal data)" : "",
      one.nullable ? "" : "(not null)",
    ];
    return [
      safeLine(one.name),
      safeLine(typeText(one.type)),
      safeLine(meaning.filter((part) => part !== "").join(" ")),
    ];
  });
}

/** `array<struct<a: string>>` */
function typeText(type: DataType): string {
  if (typeof type === "string") return type;
  if (isArray(type)) return `array<${typeText(type.elementType)}>`;
  if (isMap(type)) return `map<${typeText(type.keyType)}, ${typeText(type.valueType)}>`;
  return isStruct(type) ? `struct<${type.fields.map((one) => `${one.name}: ${typeText(one.type)}`).join(", ")}>` : "";
}

function propertyRows({ metadata }: TableInspection): Cell[][] {
  return Object.entries(metadata.configuration).map(([name, value]) => [safeLine(name), safeLine(value)]);
}

function filesText({ files }: TableInspection, { paint }: InspectionTextOptions): string {
  if (files === undefined || files.length === 0) return "";
  const columns = [
    { title: "path" },
    { title: "rows", align: "right" as const },
    { title: "deleted", align: "right" as const },
    { title: "size", align: "right" as const },
  ];
  const largest = files.toSorted((left, right) => right.sizeBytes - left.sizeBytes).slice(0, FILES_SHOWN);
  const rows = largest.map((file): Cell[] => [
    safeLine(file.path),
    countText(liveRows(file)),
    file.deletionVector === undefined ? "" : thousands(file.deletionVector.cardinality),
    byteSize(file.sizeBytes),
  ]);
  const rest = files.length - largest.length;
  const more = rest === 0 ? "" : `  … ${counted(rest, "smaller file")}; --json lists them all\n`;
  return textTable(columns, rows, { paint, indent: "  " }) + more;
}

function countText(count: number | undefined): string {
  return count === undefined ? "?" : thousands(count);
}

export function inspectionJson(table: TableInspection): { readonly [name: string]: Jsonable } {
  const { protocol, metadata, size } = table;
  return {
    version: table.version,
    committedAt: table.timestampMs === undefined ? null : new Date(table.timestampMs).toISOString(),
    id: metadata.id,
    name: metadata.name ?? null,
    description: metadata.description ?? null,
    createdAt: metadata.createdTime === undefined ? null : new Date(metadata.createdTime).toISOString(),
    protocol: { ...protocol },
    features: table.features.map((feature) => ({ ...feature })),
    columns: metadata.schema as unknown as Jsonable,
    partitionColumns: metadata.partitionColumns,
    properties: metadata.configuration,
    transactions: table.txns.map((txn) => ({ ...txn })),
    rows: size?.rows ?? null,
    sizeBytes: size?.sizeBytes ?? null,
    deletedRows: size?.deletedRows ?? null,
    files: table.files === undefined ? null : table.files.map((file) => fileJson(file)),
    unreadable: table.unreadable ?? null,
  };
}

function fileJson(file: AddFile): Jsonable {
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    rows: liveRows(file) ?? null,
    partitionValues: file.partitionValues,
    modifiedAt: new Date(file.modificationTime).toISOString(),
    stats: statsJson(file.stats),
    deletionVector: file.deletionVector === undefined ? null : { ...file.deletionVector },
    tags: file.tags ?? null,
  };
}

/** As an object; text that is none stays text. */
function statsJson(stats: string | undefined): Jsonable {
  if (stats === undefined) return null;
  try {
    return logJson(parseJson(stats));
  } catch {
    return stats;
  }
}
