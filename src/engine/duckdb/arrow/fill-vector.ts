import { isUtf8 } from "node:buffer";
import { unreadable, type ArrowType } from "../../arrow/arrow-field.ts";
import { extentOf, hasValue, type ColumnBuffers } from "../../arrow/column-buffers.ts";
import { rawVectors } from "../duckdb-api.ts";
import type { RawVector } from "../raw-vector.ts";

/** Rows of a batch; they begin at a whole byte of its bits. */
export interface BatchRows {
  readonly start: number;
  readonly count: number;
}

/**
 * Puts a column's rows into a vector of the engine as they lie in memory, where both have them alike. `false`: they have not, and its values
 * have to be made one by one.
 */
export function fillVector(vector: RawVector, column: ColumnBuffers, rows: BatchRows): boolean {
  const { type } = column.field;
  if (column.dictionary !== undefined || column.field.dictionary !== undefined) return false;
  const width = widthOf(type);
  if (width > 0) copyValues(vector, column.values, { start: rows.start * width, bytes: rows.count * width });
  else if (isText(type)) copyTexts(vector, column, rows);
  else if (type.kind === "boolean") copyBits(vector, column, rows);
  else return false;
  if (column.validity !== undefined) copyValidity(vector, column.validity, rows);
  return true;
}

/** Bytes of a value that both sides have alike; 0 where they have not. */
function widthOf(type: ArrowType): number {
  if (type.kind === "integer") return type.isSigned ? type.bits / 8 : 0;
  if (type.kind === "float") return type.bits / 8;
  if (type.kind === "date") return type.unit === "day" ? 4 : 0;
  return type.kind === "timestamp" && type.unit === "microsecond" ? 8 : 0;
}

function isText({ kind }: ArrowType): boolean {
  return kind === "text" || kind === "large-text" || kind === "binary" || kind === "large-binary";
}

function copyValues(
  vector: RawVector,
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
  { start, bytes }: { start: number; bytes: number },
): void {
  rawVectors.copy_data_to_vector(vector, 0, buffer, byteOffset + start, bytes);
}

/** Text that is none would come back as another: it is refused. */
function copyTexts(vector: RawVector, column: ColumnBuffers, { start, count }: BatchRows): void {
  const isChecked = column.field.type.kind.endsWith("text");
  for (let row = 0; row < count; row += 1) {
    if (!hasValue(column, start + row)) continue;
    const bytes = column.values.subarray(...extentOf(column, start + row));
    if (isChecked && !isUtf8(bytes)) throw unreadable(`column ${column.field.name} has text that is not UTF-8`);
    rawVectors.vector_assign_string_element_len(vector, row, bytes);
  }
}

function copyBits(vector: RawVector, { values }: ColumnBuffers, { start, count }: BatchRows): void {
  const bytes = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) {
    const at = start + row;
    bytes[row] = ((values[at >> 3] ?? 0) >> (at & 7)) & 1;
  }
  copyValues(vector, bytes, { start: 0, bytes: count });
}

function copyValidity(vector: RawVector, validity: Uint8Array, { start, count }: BatchRows): void {
  const bits = Uint8Array.from(validity.subarray(start / 8, Math.ceil((start + count) / 8)));
  rawVectors.vector_ensure_validity_writable(vector);
  rawVectors.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.length);
}
