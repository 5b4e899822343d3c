import type { AddColumns, AddFile, TextColumn } from "../../src/delta/index.ts";
import { encodeFilePath } from "../../src/delta/log/file-path.ts";

/** Files as the columns of a checkpoint. */
export function addColumnsOf(list: readonly AddFile[]): AddColumns {
  return {
    kind: "adds",
    rows: list.length,
    uris: texts(list.map((file) => encodeFilePath(file.path))),
    partitionValues: texts(list.map((file) => JSON.stringify(file.partitionValues))),
    sizes: Float64Array.from(list, (file) => file.sizeBytes),
    modificationTimes: Float64Array.from(list, (file) => file.modificationTime),
    stats: texts(list.map((file) => file.stats)),
    more: texts(
      list.map((file) =>
        file.deletionVector === undefined
          ? undefined
          : JSON.stringify({ deletionVector: file.deletionVector, tags: null }),
      ),
    ),
    deletedRows: Float64Array.from(list, (file) => file.deletionVector?.cardinality ?? -1),
  };
}

/** With something between the texts, as a page of Parquet has it. */
function texts(values: readonly (string | undefined)[]): TextColumn {
  const starts: number[] = [];
  let all = Buffer.alloc(0);
  for (const value of values) {
    all = Buffer.concat([all, Buffer.from("????")]);
    starts.push(all.length);
    all = Buffer.concat([all, Buffer.from(value ?? "")]);
  }
  const lengths = values.map((value) => (value === undefined ? -1 : Buffer.byteLength(value)));
  return { bytes: all, starts: Uint32Array.from(starts), lengths: Int32Array.from(lengths) };
}
