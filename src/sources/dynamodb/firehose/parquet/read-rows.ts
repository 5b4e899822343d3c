import { rm } from "node:fs/promises";
import { SluiceError, isFailure } from "../../../../base/index.ts";
import type { StructType } from "../../../../contract/index.ts";
import type { Engine, Relation, Row } from "../../../../engine/index.ts";
import { copyFile } from "../../../input/index.ts";
import type { RecordSink } from "../../envelope/record-cutter.ts";
import { NoRecord } from "../../envelope/read-envelope.ts";
import type { ReadFile } from "../delivered-bytes.ts";
import { LayoutFlaw } from "./layout-flaw.ts";
import { plainJson } from "./plain-json.ts";
import { recordReader, type RecordReader } from "./record-layout.ts";
import type { LayoutOptions } from "./record-members.ts";
import { rowColumns, rowOf } from "./row-columns.ts";

export interface RowReading {
  readonly engine: Engine;
  readonly layout: LayoutOptions;
  /** Where the file lies while it is read, on this machine. */
  readonly local: string;
  readonly signal?: AbortSignal | undefined;
  /** Told now and then; more is read once it is done. */
  readonly onRead?: (() => Promise<void>) | undefined;
}

/**
 * The records of a Parquet file, in the order of its rows: of each the JSON text that it was made of, its number from 0 in place of an offset.
 * A row that says less than the record did is refused, as JSON of its columns. Memory holds one batch of rows. Fails with `source.corrupt`
 * where the bytes are no whole Parquet file, with `source.invalid` where its columns do not keep what a change says.
 */
export async function readRows(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  sink: RecordSink,
  { engine, layout, local, signal, onRead }: RowReading,
): Promise<ReadFile> {
  const rowsOf = (sql: string): Relation => ({
    sql,
    inputs: { file: { kind: "parquet", files: [local], positions: true } },
  });
  try {
    const read = await copyFile(bytes, local, signal);
    const columns = rowsOf("SELECT * EXCLUDE (__file, __row) FROM file");
    const schema = await asFile(path, async () => await engine.schemaOf(columns));
    const reader = layoutOf(path, () => recordReader(schema, layout));
    // The engine gives rows in any order unless it is told one.
    const rows = engine.query(rowsOf(`SELECT ${rowColumns(schema)} FROM file ORDER BY __row`), signal === undefined ? {} : { signal }); // prettier-ignore
    let number = 0;
    for await (const batch of failuresOf(path, rows)) {
      for (const row of batch) {
        const at = number;
        layoutOf(path, () => takeRow(rowOf(row, schema), at, { schema, reader, sink }));
        number += 1;
      }
      await onRead?.();
    }
    return read;
  } finally {
    await rm(local, { force: true });
  }
}

interface RowUse {
  readonly schema: StructType;
  readonly reader: RecordReader;
  readonly sink: RecordSink;
}

function takeRow(row: Row, at: number, { schema, reader, sink }: RowUse): void {
  let record: Buffer;
  try {
    record = Buffer.from(reader(row), "utf8");
  } catch (error) {
    if (!(error instanceof NoRecord)) throw error;
    sink.refuse(Buffer.from(plainJson(row, schema), "utf8"), at, error.message);
    return;
  }
  const reason = sink.record(record, 0, record.length, at);
  if (reason !== undefined) sink.refuse(record, at, reason);
}

function layoutOf<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LayoutFlaw)) throw error;
    throw new SluiceError("source.invalid", `Cannot read a Parquet file of Firehose without loss: ${error.message}`, {
      facts: { file },
      advice: error.advice,
    });
  }
}

async function* failuresOf(path: string, rows: AsyncIterable<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  try {
    yield* rows;
  } catch (error) {
    throw fileFailure(path, error);
  }
}

async function asFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileFailure(path, error);
  }
}

const OF_THE_FILE = ["query.invalid", "engine.failed", "table.corrupt"] as const;

function fileFailure(file: string, error: unknown): unknown {
  if (!OF_THE_FILE.some((code) => isFailure(error, code))) return error;
  // The engine names a type that no table can hold by itself: then nothing is wrong with the bytes.
  if (isFailure(error) && error.cause === undefined) {
    return new SluiceError("source.invalid", "Cannot read a Parquet file of Firehose: no change has a column of this type", { facts: { file }, cause: error }); // prettier-ignore
  }
  return new SluiceError("source.corrupt", "Cannot read a file of Firehose: it is no whole Parquet file", {
    facts: { file },
    advice: "Deliver the file again, or take it away where its changes are in another one; nothing of it was taken in.",
    cause: error,
  });
}
