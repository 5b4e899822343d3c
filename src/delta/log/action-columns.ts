import type { JsonObject } from "../../base/index.ts";
import type { DeletionVectorDescriptor } from "../actions.ts";
import type { ActionColumns, TextColumn } from "../needs.ts";
import { isObject } from "./action-members.ts";
import { parseExact } from "./exact-json.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of a row; undefined when it has none. */
export function textAt({ bytes, starts, lengths }: TextColumn, row: number): string | undefined {
  const length = lengths[row] ?? -1;
  const start = starts[row] ?? 0;
  return length < 0 ? undefined : decoder.decode(bytes.subarray(start, start + length));
}

/** Some rows of columns, in the given order; the bytes of their texts are shared. */
export function rowsOfColumns(columns: ActionColumns, rows: readonly number[]): ActionColumns {
  const texts = ({ bytes, starts, lengths }: TextColumn): TextColumn =>
    lengths.length === 0
      ? { bytes, starts, lengths }
      : {
          bytes,
          starts: Uint32Array.from(rows, (row) => starts[row] ?? 0),
          lengths: Int32Array.from(rows, (row) => lengths[row] ?? -1),
        };
  const numbers = (values: Float64Array): Float64Array =>
    values.length === 0 ? values : Float64Array.from(rows, (row) => values[row] ?? 0);
  return {
    kind: columns.kind,
    rows: rows.length,
    uris: texts(columns.uris),
    partitionValues: texts(columns.partitionValues),
    sizes: numbers(columns.sizes),
    times: numbers(columns.times),
    stats: texts(columns.stats),
    more: texts(columns.more),
    deletedRows: numbers(columns.deletedRows),
    vectorIds: texts(columns.vectorIds),
  };
}

/** One row of the columns as the action that it stands for, in JSON form. */
export function actionAt(columns: ActionColumns, row: number): JsonObject {
  const partitionValues = objectAt(columns.partitionValues, row);
  const { deletionVector, ...more } = withoutNulls(objectAt(columns.more, row));
  const size = numberAt(columns.sizes, row);
  const time = numberAt(columns.times, row);
  const file: JsonObject = {
    path: textAt(columns.uris, row) ?? null,
    dataChange: false,
    ...(partitionValues === undefined ? {} : { partitionValues }),
    ...(size === undefined ? {} : { size }),
    ...(isObject(deletionVector) ? { deletionVector: withoutNulls(deletionVector) } : {}),
    ...more,
  };
  if (columns.kind === "removes") {
    const extendedFileMetadata = partitionValues !== undefined && size !== undefined;
    return { remove: { ...file, extendedFileMetadata, ...(time === undefined ? {} : { deletionTimestamp: time }) } };
  }
  const stats = textAt(columns.stats, row);
  return { add: { ...file, modificationTime: time ?? null, ...(stats === undefined ? {} : { stats }) } };
}

/** The deletion vector of a row, whose members are valid. */
export function vectorAt({ more }: ActionColumns, row: number): DeletionVectorDescriptor | undefined {
  const vector = objectAt(more, row)?.["deletionVector"];
  return isObject(vector) ? (withoutNulls(vector) as unknown as DeletionVectorDescriptor) : undefined;
}

function numberAt(numbers: Float64Array, row: number): number | undefined {
  const number = numbers[row] ?? Number.NaN;
  return Number.isNaN(number) ? undefined : number;
}

function objectAt(column: TextColumn, row: number): JsonObject | undefined {
  const text = textAt(column, row);
  const json = text === undefined ? undefined : parseExact(text);
  return isObject(json) ? json : undefined;
}

function withoutNulls(object: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => value !== null));
}
