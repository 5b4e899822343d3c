import type { TableName } from "../../contract/index.ts";
import type { Place } from "../reading/place.ts";

export interface Reader {
  readonly name: TableName;
  readonly place: Place;
  readonly reads: readonly TableName[];
}

/** In an order in which each comes after what it reads, else as listed. A cycle is noted once. */
export function orderTables<T extends Reader>(readers: readonly T[]): readonly T[] {
  const byName = new Map(readers.map((reader) => [reader.name, reader]));
  const done = new Set<T>();
  const visit = (reader: T, path: readonly TableName[]): void => {
    if (done.has(reader)) return;
    const start = path.indexOf(reader.name);
    if (start !== -1) {
      reader.place.refuse("tables that do not read themselves", [...path.slice(start), reader.name].join(" → "));
      return;
    }
    for (const name of reader.reads) {
      const next = byName.get(name);
      if (next !== undefined) visit(next, [...path, reader.name]);
    }
    done.add(reader);
  };
  for (const reader of readers) visit(reader, []);
  return [...done];
}
