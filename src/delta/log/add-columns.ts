import { parseJson, type JsonObject } from "../../base/index.ts";
import type { AddColumns, TextColumn } from "../needs.ts";
import { isObject } from "./action-members.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of a row; undefined when it has none. */
export function textAt({ bytes, starts, lengths }: TextColumn, row: number): string | undefined {
  const length = lengths[row] ?? -1;
  const start = starts[row] ?? 0;
  return length < 0 ? undefined : decoder.decode(bytes.subarray(start, start + length));
}

/** Some rows of columns, in the given order; the bytes of their texts are shared. */
export function rowsOfColumns(columns: AddColumns, rows: readonly number[]): AddColumns {
  const texts = ({ bytes, starts, lengths }: TextColumn): TextColumn => ({
    bytes,
    starts: Uint32Array.from(rows, (row) => starts[row] ?? 0),
    lengths: Int32Array.from(rows, (row) => lengths[row] ?? -1),
  });
  const numbers = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? 0);
  return {
    kind: "adds",
    rows: rows.length,
    uris: texts(columns.uris),
    partitionValues: texts(columns.partitionValues),
    sizes: numbers(columns.sizes),
    modificationTimes: numbers(columns.modificationTimes),
    stats: texts(columns.stats),
    more: texts(columns.more),
    deletedRows: numbers(columns.deletedRows),
  };
}

export interface AddAction extends JsonObject {
  readonly add: JsonObject;
}

/** One row of the columns as the action that it stands for, in JSON form. */
export function addActionAt(columns: AddColumns, row: number): AddAction {
  const partitionValues = objectAt(columns.partitionValues, row);
  const stats = textAt(columns.stats, row);
  const { deletionVector, ...more } = withoutNulls(objectAt(columns.more, row));
  return {
    add: {
      path: textAt(columns.uris, row) ?? null,
      ...(partitionValues === undefined ? {} : { partitionValues }),
      size: columns.sizes[row] ?? null,
      modificationTime: columns.modificationTimes[row] ?? null,
      dataChange: false,
      ...(stats === undefined ? {} : { stats }),
      ...(isObject(deletionVector) ? { deletionVector: withoutNulls(deletionVector) } : {}),
      ...more,
    },
  };
}

function objectAt(column: TextColumn, row: number): JsonObject | undefined {
  const text = textAt(column, row);
  const json = text === undefined ? undefined : parseJson(text);
  return isObject(json) ? json : undefined;
}

function withoutNulls(object: JsonObject | undefined): JsonObject {
  return Object.fromEntries(Object.entries(object ?? {}).filter(([, value]) => value !== null));
}
