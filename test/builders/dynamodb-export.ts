import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Item } from "./dynamodb-item.ts";

/** A moment: ms since the epoch, or ISO 8601. */
export type Moment = number | string;

/** One line of an incremental export: the state of a key before and at the end of the window. */
export interface WindowEvent {
  /** When it was last written, ms or ISO; micros are added by `micros`. */
  readonly at: Moment;
  /** Digits behind the millisecond, 0 to 999. */
  readonly micros?: number;
  readonly keys: Item;
  readonly before?: Item;
  /** Left out: the key was deleted. */
  readonly after?: Item;
  /** Members that the line has beside these. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** What an export holds: items, window events, or lines exactly as given (`"not json"`). */
export type ExportContents =
  | { readonly full: Moment; readonly items: readonly (Item | string)[] }
  | {
      readonly from: Moment;
      readonly to: Moment;
      readonly events: readonly (WindowEvent | string)[];
      readonly view?: "NEW_AND_OLD_IMAGES" | "NEW_IMAGE";
    };

export interface ExportOptions {
  /** DynamoDB's name of the table. */
  readonly table: string;
  readonly tableId?: string;
  /** The folder below `AWSDynamoDB/`; made from the time by default. Another id with the same contents is a second delivery. */
  readonly id?: string;
  /** S3 prefix that the manifests' keys start with; the table's name by default, `""` for none. */
  readonly prefix?: string;
  /** How many data files; lines go round-robin. */
  readonly files?: number;
  /** `started`: only what DynamoDB writes first. `unlisted`: data files, no manifest yet. */
  readonly state?: "finished" | "started" | "unlisted";
  /** Members of `manifest-summary.json` that shall be otherwise. */
  readonly summary?: Readonly<Record<string, unknown>>;
}

export interface WrittenExport {
  readonly id: string;
  /** The export's own folder, absolute. */
  readonly folder: string;
  /** Data files, absolute, with their uncompressed lines. */
  readonly files: readonly { readonly path: string; readonly lines: readonly string[] }[];
}

/**
 * Writes one DynamoDB export to S3 as it lies in a folder (Developer Guide, "DynamoDB table export output format"): below
 * `folder`, `AWSDynamoDB/<id>/` with `_started`, `manifest-summary.json`, `manifest-files.json`, their MD5s, and gzipped data files,
 * in the export's own `data/` for a full export and in the shared `AWSDynamoDB/data/` for an incremental one.
 */
export function writeExport(folder: string, contents: ExportContents, options: ExportOptions): WrittenExport {
  const isFull = "full" in contents;
  const end = millis(isFull ? contents.full : contents.to);
  const id = options.id ?? `0${end}-${hash("md5", `${options.table} ${end} ${isFull}`, "hex").slice(0, 8)}`;
  const own = join(folder, "AWSDynamoDB", id);
  const lines = isFull ? contents.items.map((one) => itemLine(one)) : contents.events.map((one) => eventLine(one));
  put(join(own, "_started"), "");
  if (options.state === "started") return { id, folder: own, files: [] };
  const dataFolder = isFull ? `AWSDynamoDB/${id}/data` : "AWSDynamoDB/data";
  const count = options.files ?? 1;
  const files = Array.from({ length: count }, (_, index) => {
    const inFile = lines.filter((_line, position) => position % count === index);
    const body = gzipSync(inFile.map((line) => `${line}\n`).join(""));
    const path = `${dataFolder}/${hash("sha256", `${id} ${index}`, "hex").slice(0, 26)}.json.gz`;
    put(join(folder, path), body);
    return { path: join(folder, path), key: keyOf(options, path), body, lines: inFile };
  });
  if (options.state !== "unlisted") writeManifests(own, id, { contents, options, files, end, itemCount: lines.length });
  return { id, folder: own, files: files.map(({ path, lines: inFile }) => ({ path, lines: inFile })) };
}

interface ManifestParts {
  readonly contents: ExportContents;
  readonly options: ExportOptions;
  readonly files: readonly { readonly key: string; readonly body: Buffer; readonly lines: readonly string[] }[];
  readonly end: number;
  readonly itemCount: number;
}

function writeManifests(own: string, id: string, { contents, options, files, end, itemCount }: ManifestParts): void {
  const isFull = "full" in contents;
  const arn = `arn:aws:dynamodb:eu-west-1:123456789012:table/${options.table}`;
  const listed = files.map(({ key, body, lines }) => ({
    itemCount: lines.length,
    md5Checksum: hash("md5", body, "base64"),
    etag: `${hash("md5", body, "hex")}-1`,
    dataFileS3Key: key,
  }));
  const summary = {
    version: isFull ? "2020-06-30" : "2023-08-01",
    exportArn: `${arn}/export/${id}`,
    startTime: instant(end + 60_000),
    endTime: instant(end + 360_000),
    tableArn: arn,
    tableId: options.tableId ?? `00000000-0000-4000-8000-${hash("md5", options.table, "hex").slice(0, 12)}`,
    ...(isFull
      ? { exportTime: instant(end) }
      : { exportFromTime: instant(millis(contents.from)), exportToTime: instant(end) }),
    s3Bucket: "bucket",
    s3Prefix: prefixOf(options) === "" ? null : prefixOf(options),
    s3SseAlgorithm: "AES256",
    s3SseKmsKeyId: null,
    manifestFilesS3Key: keyOf(options, `AWSDynamoDB/${id}/manifest-files.json`),
    billedSizeBytes: 0,
    itemCount,
    outputFormat: "DYNAMODB_JSON",
    ...(isFull ? {} : { outputView: contents.view ?? "NEW_AND_OLD_IMAGES", exportType: "INCREMENTAL_EXPORT" }),
    ...options.summary,
  };
  putWithMd5(own, "manifest-files", listed.map((file) => `${JSON.stringify(file)}\n`).join(""));
  putWithMd5(own, "manifest-summary", JSON.stringify(summary));
}

function itemLine(one: Item | string): string {
  return typeof one === "string" ? one : JSON.stringify({ Item: one });
}

function eventLine(one: WindowEvent | string): string {
  if (typeof one === "string") return one;
  const micros = BigInt(millis(one.at)) * 1000n + BigInt(one.micros ?? 0);
  return JSON.stringify({
    Metadata: { WriteTimestampMicros: { N: String(micros) } },
    Keys: one.keys,
    OldImage: one.before,
    NewImage: one.after,
    ...one.more,
  });
}

function prefixOf({ prefix, table }: ExportOptions): string {
  return prefix ?? table;
}

function keyOf(options: ExportOptions, path: string): string {
  return prefixOf(options) === "" ? path : `${prefixOf(options)}/${path}`;
}

function putWithMd5(folder: string, name: string, body: string): void {
  put(join(folder, `${name}.json`), body);
  put(join(folder, `${name}.md5`), hash("md5", body, "base64"));
}

function put(file: string, body: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, body);
}

function millis(moment: Moment): number {
  return typeof moment === "number" ? moment : Date.parse(moment);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function hash(algorithm: "md5" | "sha256", body: string | Buffer, encoding: "hex" | "base64"): string {
  return createHash(algorithm).update(body).digest(encoding);
}
