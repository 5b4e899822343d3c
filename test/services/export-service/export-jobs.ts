import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { writeExport, type ExportContents } from "../../builders/dynamodb-export.ts";
import type { S3Server } from "../s3-servers.ts";
import type { Json } from "./local-dynamodb.ts";
import type { TableHistory } from "./table-history.ts";

/** What a table is to its exports. */
export interface ExportedTable {
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly history: TableHistory;
}

/** An export that was asked for. */
export interface Job {
  readonly arn: string;
  readonly token: string;
  readonly request: Json;
  readonly table: ExportedTable;
  readonly startedMs: number;
  /** How often it is still described as in progress. */
  callsLeft: number;
  status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  endedMs?: number;
}

/** Seconds since 1970, from the request's own fields; undefined for a full export. */
export function windowOf(request: Json): { readonly fromMs: number; readonly toMs: number } | undefined {
  const window = request["IncrementalExportSpecification"] as Json | undefined;
  if (window === undefined) return undefined;
  return { fromMs: Number(window["ExportFromTime"]) * 1_000, toMs: Number(window["ExportToTime"]) * 1_000 };
}

export function exportTimeOf(request: Json): number {
  return Number(request["ExportTime"]) * 1_000;
}

export function newArn(table: ExportedTable, token: string, startedMs: number): string {
  const hash = createHash("md5").update(`${token} ${startedMs}`).digest("hex").slice(0, 8);
  return `${table.arn}/export/${String(startedMs).padStart(14, "0")}-${hash}`;
}

/** Writes the documented layout to the bucket, or only what DynamoDB writes first; the summary comes last. */
export async function upload(s3: S3Server, job: Job, state: "started" | "finished"): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-export-job-"));
  try {
    const prefix = String(job.request["S3Prefix"] ?? "");
    const { name: table, id: tableId, arn: tableArn } = job.table;
    const id = job.arn.slice(job.arn.lastIndexOf("/") + 1);
    const bucket = String(job.request["S3Bucket"]);
    const summary = {
      exportArn: job.arn,
      tableArn,
      startTime: new Date(job.startedMs).toISOString(),
      s3Bucket: bucket,
    };
    writeExport(folder, contentsOf(job), { table, tableId, id, prefix, state, files: 2, summary });
    const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
    for (const file of files.toSorted(summaryLast)) {
      const key = prefix === "" ? file : `${prefix}/${file}`;
      await s3.client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: await readFile(join(folder, file)) }),
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function summaryLast(one: string, other: string): number {
  return Number(one.endsWith("manifest-summary.json")) - Number(other.endsWith("manifest-summary.json"));
}

function contentsOf({ request, table: { history } }: Job): ExportContents {
  const window = windowOf(request);
  if (window === undefined) {
    const timeMs = exportTimeOf(request);
    return { full: timeMs, items: history.itemsAt(timeMs) };
  }
  const events = history.changes(window.fromMs, window.toMs).map(({ micros, keys, before, after }) => ({
    at: Math.floor(micros / 1_000),
    micros: micros % 1_000,
    keys,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  }));
  return { from: window.fromMs, to: window.toMs, events };
}
