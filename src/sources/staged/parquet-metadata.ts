import type { ColumnKind } from "./columns.ts";
import { CompactWriter } from "./compact-protocol.ts";

/** Thrift structures of the Parquet format (parquet.thrift), as far as a staged file has them. */

const ENCODING = { plain: 0, rle: 3, dictionary: 8 } as const;
const PHYSICAL = { boolean: 0, long: 2, bytes: 6 } as const;
const PAGE = { data: 0, dictionary: 2 } as const;
const REQUIRED = 0;
const OPTIONAL = 1;
const REPEATED = 2;

interface Chunk {
  readonly dataOffset: number;
  readonly dictionaryOffset?: number;
  readonly sizeBytes: number;
  readonly entries: number;
}

export function pageHeader(sizeBytes: number, entries: number, encoding: "plain" | "dictionary"): Uint8Array {
  const writer = new CompactWriter();
  writer.element(() => {
    writer.integer(1, "i32", PAGE.data);
    writer.integer(2, "i32", sizeBytes);
    writer.integer(3, "i32", sizeBytes);
    writer.struct(5, () => {
      writer.integer(1, "i32", entries);
      writer.integer(2, "i32", ENCODING[encoding]);
      writer.integer(3, "i32", ENCODING.rle);
      writer.integer(4, "i32", ENCODING.rle);
    });
  });
  return writer.finish();
}

export function dictionaryHeader(sizeBytes: number, entries: number): Uint8Array {
  return pageHeader(sizeBytes, entries, "dictionary");
}

/** Of a dictionary with one value. */
export function dictionaryPageHeader(sizeBytes: number): Uint8Array {
  const writer = new CompactWriter();
  writer.element(() => {
    writer.integer(1, "i32", PAGE.dictionary);
    writer.integer(2, "i32", sizeBytes);
    writer.integer(3, "i32", sizeBytes);
    writer.struct(7, () => {
      writer.integer(1, "i32", 1);
      writer.integer(2, "i32", ENCODING.plain);
    });
  });
  return writer.finish();
}

export function footer(
  columns: readonly ColumnKind[],
  groups: readonly { readonly rows: number; readonly chunks: readonly Chunk[] }[],
): Uint8Array {
  const writer = new CompactWriter();
  const elements = columns.reduce((sum, column) => sum + (column.isList ? 3 : 1), 1);
  writer.element(() => {
    writer.integer(1, "i32", 1);
    writer.list(2, "struct", elements);
    writer.element(() => {
      writer.text(4, "row");
      writer.integer(5, "i32", columns.length);
    });
    for (const column of columns) schemaElements(writer, column);
    writer.integer(3, "i64", groups.reduce((sum, group) => sum + group.rows, 0)); // prettier-ignore
    writer.list(4, "struct", groups.length);
    for (const group of groups) rowGroup(writer, columns, group);
    writer.text(6, "sluice");
  });
  return writer.finish();
}

function schemaElements(writer: CompactWriter, column: ColumnKind): void {
  if (!column.isList) {
    leaf(writer, column, column.name, OPTIONAL);
    return;
  }
  writer.element(() => {
    writer.integer(3, "i32", OPTIONAL);
    writer.text(4, column.name);
    writer.integer(5, "i32", 1);
    writer.integer(6, "i32", 3); // ConvertedType LIST
  });
  writer.element(() => {
    writer.integer(3, "i32", REPEATED);
    writer.text(4, "list");
    writer.integer(5, "i32", 1);
  });
  leaf(writer, column, "element", REQUIRED);
}

function leaf(writer: CompactWriter, column: ColumnKind, name: string, repetition: number): void {
  writer.element(() => {
    writer.integer(1, "i32", PHYSICAL[column.physical]);
    writer.integer(3, "i32", repetition);
    writer.text(4, name);
    if (column.logical === "text") writer.integer(6, "i32", 0); // ConvertedType UTF8
    if (column.logical === "timestamp") {
      // LogicalType TIMESTAMP, adjusted to UTC, in microseconds.
      writer.struct(10, () => {
        writer.struct(8, () => {
          writer.boolean(1, true);
          writer.struct(2, () => {
            writer.struct(2, () => undefined);
          });
        });
      });
    }
  });
}

function rowGroup(
  writer: CompactWriter,
  columns: readonly ColumnKind[],
  group: { readonly rows: number; readonly chunks: readonly Chunk[] },
): void {
  const sizeBytes = group.chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
  writer.element(() => {
    writer.list(1, "struct", group.chunks.length);
    for (const [index, chunk] of group.chunks.entries()) columnChunk(writer, columns[index], chunk);
    writer.integer(2, "i64", sizeBytes);
    writer.integer(3, "i64", group.rows);
  });
}

function columnChunk(writer: CompactWriter, column: ColumnKind | undefined, chunk: Chunk): void {
  if (column === undefined) return;
  const path = column.isList ? [column.name, "list", "element"] : [column.name];
  const encodings = [ENCODING.rle, chunk.dictionaryOffset === undefined ? ENCODING.plain : ENCODING.dictionary];
  const start = chunk.dictionaryOffset ?? chunk.dataOffset;
  writer.element(() => {
    writer.integer(2, "i64", start);
    writer.struct(3, () => {
      writer.integer(1, "i32", PHYSICAL[column.physical]);
      writer.list(2, "i32", encodings.length);
      for (const encoding of encodings) writer.listInteger(encoding);
      writer.list(3, "text", path.length);
      for (const part of path) writer.listText(part);
      writer.integer(4, "i32", 0); // uncompressed
      writer.integer(5, "i64", chunk.entries);
      writer.integer(6, "i64", chunk.sizeBytes);
      writer.integer(7, "i64", chunk.sizeBytes);
      writer.integer(9, "i64", chunk.dataOffset);
      if (chunk.dictionaryOffset !== undefined) writer.integer(11, "i64", chunk.dictionaryOffset);
    });
  });
}
