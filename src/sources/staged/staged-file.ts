import { closeSync, openSync, writeSync } from "node:fs";
import { pathFailure } from "../../storage/index.ts";
import type { Column, ColumnKind } from "./columns.ts";
import { dictionaryHeader, dictionaryPageHeader, footer, pageHeader } from "./parquet-metadata.ts";

/** Where one column of one row group lies in the file. */
export interface ChunkPlace {
  readonly dataOffset: number;
  readonly dictionaryOffset?: number;
  readonly sizeBytes: number;
  /** Level entries of the chunk. */
  readonly entries: number;
}

export interface StagedGroup {
  readonly rows: number;
  /** By column name. A column that is not here is null in every row. */
  readonly chunks: Readonly<Record<string, ChunkPlace>>;
}

/** A Parquet file without its footer: which columns it will have is known only when all files have been scanned. */
export interface StagedFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly groups: readonly StagedGroup[];
}

/** A column that has one value in all rows of a file: costs nothing a row. */
export interface ConstantColumn {
  readonly kind: ColumnKind;
  /** PLAIN-encoded. */
  readonly value: Uint8Array;
}

const MAGIC = Buffer.from("PAR1");

/**
 * Writes uncompressed Parquet (format version 1 pages) group by group, in append order.
 * It is a private file of one batch: no fsync, since a lost one is scanned again.
 */
export class StagedFileWriter {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #groups: StagedGroup[] = [];
  #at = 0;

  constructor(file: string) {
    this.#file = file;
    this.#descriptor = attempt(file, () => openSync(file, "wx"));
    this.#write(MAGIC);
  }

  writeGroup(rows: number, columns: Iterable<Column>, constants: readonly ConstantColumn[]): void {
    const chunks: Record<string, ChunkPlace> = {};
    for (const column of columns) {
      if (column.isEmpty()) continue;
      const { levels, values, entries } = column.take(rows);
      chunks[column.kind.name] = this.#chunk(levels, values, entries);
    }
    for (const constant of constants) chunks[constant.kind.name] = this.#constant(constant, rows);
    this.#groups.push({ rows, chunks });
  }

  close(): StagedFile {
    closeSync(this.#descriptor);
    return { file: this.#file, sizeBytes: this.#at, groups: this.#groups };
  }

  #chunk(levels: readonly Uint8Array[], values: Uint8Array, entries: number): ChunkPlace {
    const start = this.#at;
    const sizeBytes = levels.reduce((sum, one) => sum + one.length, values.length);
    this.#write(Buffer.concat([pageHeader(sizeBytes, entries, "plain"), ...levels]));
    this.#write(values);
    return { dataOffset: start, sizeBytes: this.#at - start, entries };
  }

  #constant({ value }: ConstantColumn, rows: number): ChunkPlace {
    const start = this.#at;
    const dictionary = Buffer.concat([dictionaryPageHeader(value.length), value]);
    // Level 1 for every row, then index 0 (one bit wide) for every row: two runs.
    const levels = run(rows, 1);
    const sized = Buffer.alloc(4);
    sized.writeInt32LE(levels.length);
    const data = Buffer.concat([sized, levels, Buffer.of(1), run(rows, 0)]);
    this.#write(Buffer.concat([dictionary, dictionaryHeader(data.length, rows), data]));
    return {
      dictionaryOffset: start,
      dataOffset: start + dictionary.length,
      sizeBytes: this.#at - start,
      entries: rows,
    };
  }

  #write(bytes: Uint8Array): void {
    writeAll(this.#descriptor, this.#file, bytes);
    this.#at += bytes.length;
  }
}

/** Writes what is missing – columns that other files of the batch brought, null here – and the footer. */
export function finishStagedFile(staged: StagedFile, columns: readonly ColumnKind[]): void {
  const descriptor = attempt(staged.file, () => openSync(staged.file, "a"));
  let at = staged.sizeBytes;
  const write = (bytes: Uint8Array): void => {
    writeAll(descriptor, staged.file, bytes);
    at += bytes.length;
  };
  try {
    const groups = staged.groups.map(({ rows, chunks }) => ({
      rows,
      chunks: columns.map((column) => {
        const place = Object.hasOwn(chunks, column.name) ? chunks[column.name] : undefined;
        if (place !== undefined) return place;
        const page = nullPage(rows, column.isList);
        const absent: ChunkPlace = { dataOffset: at, sizeBytes: page.length, entries: rows };
        write(page);
        return absent;
      }),
    }));
    const metadata = footer(columns, groups);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(metadata.length);
    write(Buffer.concat([metadata, length, MAGIC]));
  } finally {
    closeSync(descriptor);
  }
}

function nullPage(rows: number, isList: boolean): Uint8Array {
  const levels = run(rows, 0);
  const size = Buffer.alloc(4);
  size.writeInt32LE(levels.length);
  const body = Buffer.concat(isList ? [size, levels, size, levels] : [size, levels]);
  return Buffer.concat([pageHeader(body.length, rows, "plain"), body]);
}

function run(times: number, value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = times * 2;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest, value);
  return Uint8Array.from(bytes);
}

function writeAll(descriptor: number, file: string, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += attempt(file, () => writeSync(descriptor, bytes, written));
  }
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw pathFailure(error, "write a staged file", file);
  }
}
