import { createHash } from "node:crypto";
import { SluiceError } from "../../../base/index.ts";
import type { UnreadableLine } from "../../source.ts";
import { inflate } from "../../input/index.ts";
import {
  BytesColumn,
  LongColumn,
  StagedFileWriter,
  type ColumnKind,
  type ConstantColumn,
  type StagedFile,
} from "../../staged/index.ts";
import type { DmsFilesOptions } from "../options.ts";
import { csvFormat, fieldText, isNullField } from "./csv-format.ts";
import { fieldsBefore, layoutOfColumns, layoutOfHeader, whatIsExpected, type CsvLayout, type FileKind } from "./csv-layout.ts"; // prettier-ignore
import { CsvReader, rawBytes, type CsvPlace, type CsvRecord, type CsvSink } from "./csv-reader.ts";

export interface CsvTask {
  readonly path: string;
  readonly kind: FileKind;
  /** Where the staged file is written. */
  readonly staged: string;
  /** The value of the column `file` in all rows. */
  readonly key: string;
  readonly options: DmsFilesOptions;
  /** Names of columns by their number in staged files; those of this file that are not there are added. */
  readonly names: Map<string, number>;
}

export interface StagedCsv {
  readonly staged: StagedFile;
  readonly columns: readonly string[];
  readonly md5: string;
  readonly sizeBytes: number;
  /** Records of the table that were written. */
  readonly rows: number;
  readonly unreadable: readonly UnreadableLine[];
}

/** The columns of a staged file beside those of the table, which are called as `fieldColumn` says. */
export const STAGED = {
  file: { name: "file", physical: "bytes", logical: "text", isList: false },
  row: { name: "row", physical: "long", logical: "none", isList: false },
  operation: { name: "operation", physical: "bytes", logical: "text", isList: false },
} as const satisfies Record<string, ColumnKind>;

export function fieldColumn(index: number): ColumnKind {
  return { name: `field ${index}`, physical: "bytes", logical: "text", isList: false };
}

const GROUP_ROWS_MAX = 122_880;
const GROUP_BYTES_MAX = 32 * 1_048_576;
/** Raw bytes of unreadable records that are held for the quarantine of one file. */
const UNREADABLE_BYTES_MAX = 64 * 1_048_576;
/** Of one record: what is kept in quarantine. */
const RAW_BYTES_MAX = 1_048_576;

/** Reads a CSV file in one pass: checksum, records, fields, into columns of text. No value is interpreted here. */
export async function stageCsv(
  task: CsvTask,
  bytes: AsyncIterable<Uint8Array>,
  onProgress: (read: { readonly records: number; readonly bytes: number }) => void,
): Promise<StagedCsv> {
  const stager = new CsvStager(task);
  try {
    const delivered = await readText(task.path, bytes, (chunk) => {
      const before = stager.rows;
      stager.push(chunk);
      onProgress({ records: stager.rows - before, bytes: chunk.length });
    });
    return { ...stager.finish(), ...delivered };
  } catch (error) {
    stager.abandon();
    throw error;
  }
}

/** The text of a file, inflated where its name says that it is compressed, and the MD5 of its bytes as delivered. */
export async function readText(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): Promise<{ readonly md5: string; readonly sizeBytes: number }> {
  if (path.endsWith(".gz")) return await inflate(path, bytes, onChunk);
  const hash = createHash("md5");
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    onChunk(chunk);
  }
  return { md5: hash.digest("hex"), sizeBytes };
}

class CsvStager implements CsvSink {
  rows = 0;
  readonly #task: CsvTask;
  readonly #reader: CsvReader;
  readonly #writer: StagedFileWriter;
  readonly #nullText: Uint8Array;
  readonly #row = new LongColumn(STAGED.row);
  readonly #operation = new BytesColumn(STAGED.operation);
  readonly #unreadable: UnreadableLine[] = [];
  #unreadableBytes = 0;
  #layout: CsvLayout | undefined;
  #columns: readonly BytesColumn[] = [];
  #groupRows = 0;
  #groupBytes = 0;

  constructor(task: CsvTask) {
    this.#task = task;
    const { settings } = task.options;
    this.#reader = new CsvReader(csvFormat(settings), this);
    this.#nullText = Buffer.from(settings.csvNullValue);
    // Transaction files hold several tables and never have a header.
    if (!settings.addColumnName || task.kind === "transactions") this.#begin(layoutOfColumns(task.options, task.kind));
    this.#writer = new StagedFileWriter(task.staged);
  }

  push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    this.#groupBytes += chunk.length;
    if (this.#groupRows >= GROUP_ROWS_MAX || this.#groupBytes >= GROUP_BYTES_MAX) this.#writeGroup();
  }

  finish(): Omit<StagedCsv, "md5" | "sizeBytes"> {
    this.#reader.end();
    this.#writeGroup();
    const columns = this.#layout?.names ?? [];
    return { staged: this.#writer.close(), columns, rows: this.rows, unreadable: this.#unreadable };
  }

  abandon(): void {
    this.#writer.close();
  }

  record(record: CsvRecord): void {
    const layout = this.#layout;
    if (layout === undefined) {
      this.#begin(layoutOfHeader(record));
      return;
    }
    if (this.#task.kind === "transactions") {
      const { schema, table } = this.#task.options;
      const isShort = record.fields < 3;
      if (!isShort && (fieldText(record, 1) !== table || fieldText(record, 2) !== schema)) return;
    }
    const before = fieldsBefore(layout, record.fields);
    if (before === undefined) {
      const reason = `it has ${record.fields} fields where ${whatIsExpected(layout)} are expected`;
      this.broken(reason, rawBytes(record), record);
    } else this.#write(record, before);
  }

  broken(reason: string, raw: Uint8Array, { line, byteOffset }: CsvPlace): void {
    const { path } = this.#task;
    this.#unreadable.push(unreadableLine(path, { reason, line, byteOffset, raw }));
    this.#unreadableBytes += Math.min(raw.length, RAW_BYTES_MAX);
    if (this.#unreadableBytes <= UNREADABLE_BYTES_MAX) return;
    throw new SluiceError("source.corrupt", "Cannot read a file of AWS DMS: most of it is no record", {
      facts: { file: path, reason, line },
      advice: "Compare the source's `settings` with those of the endpoint (`aws dms describe-endpoints`).",
    });
  }

  #begin(layout: CsvLayout): void {
    const { names, path } = { names: this.#task.names, path: this.#task.path };
    if (new Set(layout.names).size < layout.names.length) {
      throw new SluiceError("source.corrupt", "Cannot read a file of AWS DMS: two of its columns have one name", {
        facts: { file: path, columns: layout.names.join(", ") },
      });
    }
    this.#layout = layout;
    this.#columns = layout.names.map((name) => {
      const index = names.get(name) ?? names.size;
      names.set(name, index);
      return new BytesColumn(fieldColumn(index));
    });
  }

  #write(record: CsvRecord, before: number): void {
    const at = this.#groupRows;
    this.#row.open();
    this.#row.appendLong(record.number);
    this.#row.commit(at);
    if (before > 0) copyField(record, 0, this.#operation, at);
    for (let index = 0; index < this.#columns.length; index += 1) {
      const column = this.#columns[index];
      if (column !== undefined && !isNullField(record, before + index, this.#nullText)) copyField(record, before + index, column, at); // prettier-ignore
    }
    this.#groupRows += 1;
    this.rows += 1;
  }

  #writeGroup(): void {
    this.#groupBytes = 0;
    if (this.#groupRows === 0) return;
    const columns = [this.#row, this.#operation, ...this.#columns];
    this.#writer.writeGroup(this.#groupRows, columns, [textConstant(STAGED.file, this.#task.key)]);
    this.#groupRows = 0;
  }
}

function copyField({ bytes, starts, ends, quotes }: CsvRecord, index: number, column: BytesColumn, row: number): void {
  const start = starts[index] ?? 0;
  const end = ends[index] ?? 0;
  column.open();
  column.openValue();
  if (quotes[index] === 2) {
    // The first of two quotation marks is left out.
    let from = start;
    for (let at = bytes.indexOf(QUOTE, start); at >= 0 && at < end; at = bytes.indexOf(QUOTE, from + 1)) {
      column.append(bytes, from, at);
      from = at + 1;
    }
    column.append(bytes, from, end);
  } else column.append(bytes, start, end);
  column.closeValue();
  column.commit(row);
}

const QUOTE = 0x22;

export function unreadableLine(
  file: string,
  { reason, line, byteOffset, raw }: CsvPlace & { readonly reason: string; readonly raw: Uint8Array },
): UnreadableLine {
  const kept = Buffer.from(raw.subarray(0, RAW_BYTES_MAX)).toString("base64");
  return { file, line, byteOffset, reason, raw: kept, sizeBytes: raw.length };
}

function textConstant(kind: ColumnKind, content: string): ConstantColumn {
  const bytes = Buffer.from(content, "utf8");
  const length = Buffer.alloc(4);
  length.writeInt32LE(bytes.length);
  return { kind, value: Buffer.concat([length, bytes]) };
}
