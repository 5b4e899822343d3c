import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What an export covers: a moment (full), or a span (incremental); ms since the epoch. */
export type Period = { readonly at: number } | { readonly from: number; readonly to: number };

export interface ExportPlan {
  /** The folder that gets `AWSDynamoDB/`. */
  readonly folder: string;
  readonly table: string;
  readonly period: Period;
  /** Number of lines, and the line at an index. */
  readonly count: number;
  readonly line: (index: number) => string;
}

const FILE_BYTES = 90_000_000; // uncompressed; DynamoDB's own files are of this order
const CHUNK_LINES = 4096;
const GZIP_LEVEL = 6; // zlib's default, and what exports look like
const FILES_AT_ONCE = 2; // one is compressed in the pool while the next is written

const compress = promisify(gzip);

/** Writes one finished export as DynamoDB puts it into a bucket: data files, manifests with counts and MD5s. */
export async function writeExportFiles(plan: ExportPlan): Promise<void> {
  const { folder, table, period } = plan;
  const isFull = "at" in period;
  const end = isFull ? period.at : period.to;
  const id = `0${end}-${md5(`${table} ${end}`, "hex").slice(0, 8)}`;
  const own = `AWSDynamoDB/${id}`;
  await put(folder, `${own}/_started`, "");
  const files: Promise<DataFile>[] = [];
  for (let start = 0; start < plan.count;) {
    const { body, count } = fileBody(plan, start);
    const path = `${isFull ? own : "AWSDynamoDB"}/data/${md5(`${id} ${start}`, "hex").slice(0, 26)}.json.gz`;
    files.push(putCompressed(folder, path, { body, itemCount: count, key: `${table}/${path}` }));
    if (files.length >= FILES_AT_ONCE) await files.at(-FILES_AT_ONCE);
    start += count;
  }
  const listed = (await Promise.all(files)).map((file) => `${JSON.stringify(file)}\n`).join("");
  await putWithMd5(folder, `${own}/manifest-files.json`, listed);
  await putWithMd5(folder, `${own}/manifest-summary.json`, JSON.stringify(summaryOf(plan, { id, own, end })));
}

/** A line of `manifest-files.json`. */
interface DataFile {
  readonly itemCount: number;
  readonly md5Checksum: string;
  readonly etag: string;
  readonly dataFileS3Key: string;
}

function fileBody({ line, count }: ExportPlan, start: number): { readonly body: Buffer; readonly count: number } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let next = start;
  while (next < count && bytes < FILE_BYTES) {
    let text = "";
    for (const end = Math.min(count, next + CHUNK_LINES); next < end; next += 1) text += `${line(next)}\n`;
    const chunk = Buffer.from(text);
    chunks.push(chunk);
    bytes += chunk.length;
  }
  return { body: Buffer.concat(chunks), count: next - start };
}

async function putCompressed(
  folder: string,
  path: string,
  { body, itemCount, key }: { readonly body: Buffer; readonly itemCount: number; readonly key: string },
): Promise<DataFile> {
  const packed = await compress(body, { level: GZIP_LEVEL });
  await put(folder, path, packed);
  return { itemCount, md5Checksum: md5(packed, "base64"), etag: `${md5(packed, "hex")}-1`, dataFileS3Key: key };
}

function summaryOf(
  { table, period, count }: ExportPlan,
  { id, own, end }: { readonly id: string; readonly own: string; readonly end: number },
): object {
  const isFull = "at" in period;
  const arn = `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}`;
  return {
    version: isFull ? "2020-06-30" : "2023-08-01",
    exportArn: `${arn}/export/${id}`,
    startTime: instant(end + 60_000),
    endTime: instant(end + 360_000),
    tableArn: arn,
    tableId: "00000000-0000-4000-8000-00000000bede",
    ...(isFull
      ? { exportTime: instant(period.at) }
      : { exportFromTime: instant(period.from), exportToTime: instant(period.to) }),
    s3Bucket: "bench-raw",
    s3Prefix: table,
    s3SseAlgorithm: "AES256",
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `${table}/${own}/manifest-files.json`,
    billedSizeBytes: 0,
    itemCount: count,
    outputFormat: "DYNAMODB_JSON",
    ...(isFull ? {} : { outputView: "NEW_AND_OLD_IMAGES", exportType: "INCREMENTAL_EXPORT" }),
  };
}

async function putWithMd5(folder: string, path: string, body: string): Promise<void> {
  await put(folder, path, body);
  await put(folder, path.replace(/json$/, "md5"), md5(body, "base64"));
}

async function put(folder: string, path: string, body: string | Buffer): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, body);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function md5(body: string | Buffer, encoding: "hex" | "base64"): string {
  return createHash("md5").update(body).digest(encoding);
}
