import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** An attribute as DynamoDB JSON has it: `{"S": "text"}`. */
export type Attribute =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly M: Item }
  | { readonly L: readonly Attribute[] };
export interface Item {
  readonly [name: string]: Attribute;
}

/** One write to a table: the item before and after it, undefined where there is none. */
export interface Write {
  readonly atMs: number;
  readonly key: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** One export as DynamoDB puts it into a folder. */
export interface TableExport {
  /** The folder's name below `AWSDynamoDB/`. */
  readonly id: string;
  readonly table: string;
  readonly period: { readonly at: number } | { readonly from: number; readonly to: number };
  readonly lines: readonly string[];
}

export function fullExport(table: string, atMs: number, items: Iterable<Item>): TableExport {
  const lines = [...items].map((item) => JSON.stringify({ Item: item }));
  return { id: exportId(table, atMs, "full"), table, period: { at: atMs }, lines };
}

/**
 * What changed in `[from, to)`: one line a key, with the item as it was before the window and as it is at its end.
 * A key that came and went within it has no line.
 */
export function incrementalExport(
  table: string,
  { from, to }: { readonly from: number; readonly to: number },
  { keyName, writes }: { readonly keyName: string; readonly writes: readonly Write[] },
): TableExport {
  const byKey = new Map<string, { first: Write; last: Write }>();
  for (const write of writes.filter((one) => one.atMs >= from && one.atMs < to)) {
    byKey.set(write.key, { first: byKey.get(write.key)?.first ?? write, last: write });
  }
  const lines = [...byKey].flatMap(([key, { first, last }]) => {
    if (first.before === undefined && last.after === undefined) return [];
    return JSON.stringify({
      Metadata: { WriteTimestampMicros: { N: `${last.atMs}000` } },
      Keys: { [keyName]: { S: key } },
      OldImage: first.before,
      NewImage: last.after,
    });
  });
  return { id: exportId(table, to, "incremental"), table, period: { from, to }, lines };
}

/** The same export once more, under the id of another one: what a repeated request delivers. */
export function deliveredAgain(once: TableExport): TableExport {
  return { ...once, id: `${once.id.slice(0, -8)}${hash("md5", `${once.id} again`, "hex").slice(0, 8)}` };
}

const FILES = 2; // DynamoDB writes several files an export

/** Writes an export below `folder`. Without `isFinished` there is only what DynamoDB writes at its start. */
export function writeExport(folder: string, one: TableExport, { isFinished = true } = {}): void {
  const root = join(folder, one.table);
  const own = `AWSDynamoDB/${one.id}`;
  put(root, `${own}/_started`, "");
  if (!isFinished) return;
  const isFull = "at" in one.period;
  const files = Array.from({ length: FILES }, (_, index) => {
    const lines = one.lines.filter((_line, position) => position % FILES === index);
    const body = gzipSync(lines.map((line) => `${line}\n`).join(""));
    const name = `${hash("md5", `${one.id} ${index}`, "hex").slice(0, 26)}.json.gz`;
    const path = isFull ? `${own}/data/${name}` : `AWSDynamoDB/data/${name}`;
    put(root, path, body);
    const md5Checksum = hash("md5", body, "base64");
    const etag = `${hash("md5", body, "hex")}-1`;
    return { itemCount: lines.length, md5Checksum, etag, dataFileS3Key: `${one.table}/${path}` };
  });
  put(root, `${own}/manifest-files.json`, files.map((file) => `${JSON.stringify(file)}\n`).join(""));
  put(root, `${own}/manifest-summary.json`, JSON.stringify(summaryOf(one, own)));
}

function summaryOf(one: TableExport, folder: string): object {
  const { table, period } = one;
  const end = "at" in period ? period.at : period.to;
  const arn = `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}`;
  return {
    version: "at" in period ? "2020-06-30" : "2023-08-01",
    exportArn: `${arn}/export/${one.id}`,
    startTime: instant(end + 60_000),
    endTime: instant(end + 360_000),
    tableArn: arn,
    tableId: `00000000-0000-4000-8000-${hash("md5", table, "hex").slice(0, 12)}`,
    ...("at" in period
      ? { exportTime: instant(period.at) }
      : { exportFromTime: instant(period.from), exportToTime: instant(period.to) }),
    s3Bucket: "shop-raw",
    s3Prefix: table,
    s3SseAlgorithm: "AES256",
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `${table}/${folder}/manifest-files.json`,
    billedSizeBytes: 0,
    itemCount: one.lines.length,
    outputFormat: "DYNAMODB_JSON",
    ...("at" in period ? {} : { outputView: "NEW_AND_OLD_IMAGES", exportType: "INCREMENTAL_EXPORT" }),
  };
}

/** The time and eight characters; DynamoDB's are random. */
function exportId(table: string, endMs: number, kind: string): string {
  return `0${endMs}-${hash("md5", `${table} ${endMs} ${kind}`, "hex").slice(0, 8)}`;
}

function put(root: string, path: string, body: string | Buffer): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, body);
  if (file.endsWith(".json")) writeFileSync(file.replace(/json$/, "md5"), hash("md5", body, "base64"));
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function hash(algorithm: "md5", body: string | Buffer, encoding: "hex" | "base64"): string {
  return createHash(algorithm).update(body).digest(encoding);
}
