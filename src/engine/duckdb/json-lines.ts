import type { StructType } from "../../contract/index.ts";
import { quoteLiteral, sqlTypeOf } from "../sql-text.ts";
import { fileList } from "./literal-list.ts";

/** DuckDB's own limit on a line of JSON. Each thread takes buffers of twice the limit, whatever the lines are like. */
export const LINE_BYTES = 16 * 2 ** 20;
/** Four times the largest document of any source, written with escapes. */
const LINE_BYTES_MAX = 64 * 2 ** 20;
/** Part of the engine's memory that one line may take, so that the buffers of all threads leave room for work. */
const MEMORY_SHARE = 1 / 64;

/** How long a line may be for an engine with so much memory. */
export function lineLimit(memoryBytes: number): number {
  return Math.floor(Math.min(LINE_BYTES_MAX, Math.max(LINE_BYTES, memoryBytes * MEMORY_SHARE)));
}

export interface JsonLines {
  readonly files: readonly string[];
  readonly columns: StructType;
  readonly lineBytes: number;
  readonly fileNameColumn?: string | undefined;
}

/** A `FROM` item: lines of JSON by the types that are given, nothing guessed. */
export function readJsonLines({ files, columns, lineBytes, fileNameColumn }: JsonLines): string {
  const types = columns.fields.map((field) => `${quoteLiteral(field.name)}: ${quoteLiteral(sqlTypeOf(field.type))}`);
  const options = [
    `columns = {${types.join(", ")}}`,
    "format = 'newline_delimited'",
    `maximum_object_size = ${lineBytes}`,
    ...(fileNameColumn === undefined ? [] : [`filename = ${quoteLiteral(fileNameColumn)}`]),
  ];
  return `read_json(${fileList(files)}, ${options.join(", ")})`;
}
