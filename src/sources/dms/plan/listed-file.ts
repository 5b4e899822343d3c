import type { DeliveredFile } from "../../input/index.ts";
import type { FileKind } from "../csv/csv-layout.ts";

/** A data file as its name tells. */
export interface ListedFile extends DeliveredFile {
  readonly kind: FileKind;
  readonly format: "csv" | "parquet";
  /** 20 digits that sort as the files of changes were written; empty for a load. */
  readonly stamp: string;
  /** The time in a change file's name, microseconds since 1970 (UTC). */
  readonly stampMicros: number;
}

const FORMATS = /\.(csv|csv\.gz|parquet)$/;
/** `LOAD00000001.csv`; `SEGMENT1_LOAD00000001.csv` of a parallel load. */
const LOAD = /^(?:SEGMENT\d+_)?LOAD[0-9A-F]{1,16}\.(?:csv|csv\.gz|parquet)$/i;
/** `20141029-113401234.csv`: in the documentation the seconds have three or four more digits. */
const CHANGE = /^(\d{8})-(\d{6})(\d{0,6})\.(?:csv|csv\.gz|parquet)$/;
/** `CDC_TXN-20201117153046033.csv` */
const TRANSACTIONS = /^CDC_TXN-(\d{8})(\d{6})(\d{0,6})\.(?:csv|csv\.gz)$/;

/**
 * What a file is, by its name (AWS DMS User Guide, "Using Amazon S3 as a target"); `undefined` for what is none of DMS's data files.
 * Whatever folders of partitions or dates lie between the table's folder and the file mean nothing here.
 */
export function fileOfName(
  { path, sizeBytes, modifiedMs }: { path: string; sizeBytes: number; modifiedMs: number },
  place: "table" | "transactions",
): ListedFile | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const format = FORMATS.exec(name)?.[1] === "parquet" ? "parquet" : "csv";
  const found = { path, sizeBytes, modifiedMs: Math.trunc(modifiedMs), format } as const;
  if (place === "table" && LOAD.test(name)) return { ...found, kind: "load", stamp: "", stampMicros: 0, name: "LOAD" };
  const [, day, time, fraction = ""] = (place === "table" ? CHANGE : TRANSACTIONS).exec(name) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const stampMicros = microsOf(day, time, fraction);
  if (stampMicros === undefined) return undefined;
  const kind = place === "table" ? "change" : "transactions";
  return { ...found, kind, stamp: day + time + fraction.padEnd(6, "0"), stampMicros, name: day + time };
}

/** What of a file's path decides in which groups it counts; undefined for what is no data file. */
export function nameInGroups(path: string): string | undefined {
  const file = { path, sizeBytes: 0, modifiedMs: 0 };
  return (fileOfName(file, "table") ?? fileOfName(file, "transactions"))?.name;
}

/** By the time in the name; files of one moment, and those of a load, by path. */
export function byStamp(left: ListedFile, right: ListedFile): number {
  if (left.stamp !== right.stamp) return left.stamp < right.stamp ? -1 : 1;
  return left.path < right.path ? -1 : Number(left.path > right.path);
}

function microsOf(day: string, time: string, fraction: string): number | undefined {
  const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6, 8)];
  const text = `${year}-${month}-${date}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}Z`;
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 ? undefined : ms * 1_000 + Number(fraction.padEnd(6, "0"));
}
