import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { link, rename, rm, stat } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { SluiceError, messageOf } from "../base/index.ts";
import type { Engine, Relation } from "../engine/index.ts";
import type { StructType } from "../contract/index.ts";
import { csvEncoder, ndjsonEncoder } from "./render/row-encoder.ts";

export type FileFormat = "parquet" | "csv" | "ndjson";

export interface RowsFile {
  readonly file: string;
  readonly format: FileFormat;
  readonly relation: Relation;
  readonly schema: StructType;
}

/**
 * Writes rows to a file of this machine: beside it first, then in its place, so that nobody sees half of it. CSV and NDJSON
 * are exactly what stdout would get. Returns the number of rows. Fails with `usage.invalid` on a file that is there, unless `force`.
 */
export async function writeRows(
  engine: Pick<Engine, "query" | "export">,
  { file, format, relation, schema }: RowsFile,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<number> {
  if (!force && (await exists(file))) throw fileExists(file);
  const unfinished = `${file}.${process.pid}.unfinished`;
  try {
    const rows =
      format === "parquet"
        ? (await engine.export(relation, unfinished, "parquet")).rows
        : await writeText(unfinished, format, schema, engine.query(relation, { signal }));
    if (force) await rename(unfinished, file);
    else await putInPlace(unfinished, file);
    return rows;
  } catch (error) {
    throw asFileFailure(error, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function writeText(
  file: string,
  format: "csv" | "ndjson",
  schema: StructType,
  batches: ReturnType<Engine["query"]>,
): Promise<number> {
  const encoder = format === "csv" ? csvEncoder(schema, { isTerminal: false }) : ndjsonEncoder(schema);
  const stream = createWriteStream(file, { flags: "wx" });
  const ended = finished(stream);
  ended.catch(() => undefined); // told below, where the next write would wait for ever
  let rows = 0;
  stream.write(encoder.start());
  for await (const batch of batches) {
    rows += batch.length;
    if (!stream.write(encoder.rows(batch))) await Promise.race([once(stream, "drain"), ended]);
  }
  stream.end(encoder.end());
  await ended;
  return rows;
}

/** Creates, never replaces: another program may have made the file in the meantime. */
async function putInPlace(unfinished: string, file: string): Promise<void> {
  try {
    await link(unfinished, file);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw fileExists(file);
    throw error;
  }
}

function fileExists(file: string): SluiceError {
  return new SluiceError("usage.invalid", `Cannot write ${file}: it is there already`, {
    facts: { file },
    advice: "Choose another name, or replace it with --force.",
  });
}

const FILE_FAILURES = { EACCES: "storage.denied", EPERM: "storage.denied", ENOSPC: "storage.full" } as const;

function asFileFailure(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (code === undefined || error instanceof SluiceError) return error;
  const known = Object.entries(FILE_FAILURES).find(([name]) => name === code)?.[1];
  return new SluiceError(known ?? "usage.invalid", `Cannot write ${file}: ${messageOf(error)}`, {
    facts: { file },
    advice: "Check that the folder exists and may be written to.",
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
