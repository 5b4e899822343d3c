import { MARK, marked, type Marked } from "./mark.ts";

/** A partition column computed from a column. */
export interface Partition<Name extends string = string> extends Marked<"partition", PartitionContents> {
  /** Names the partition column; default: `<column>_<date | month | hour | bucket>`. */
  as(name: string): Partition<Name>;
  /** Only for the compiler: the column it is computed from. */
  readonly column?: Name;
}

export interface PartitionContents {
  readonly transform: "date" | "month" | "hour" | "bucket";
  readonly column: unknown;
  readonly count?: unknown;
  readonly name?: unknown;
}

/** One partition a day (UTC) of a timestamp. */
export function date<const Name extends string>(column: Name): Partition<Name> {
  return partition({ transform: "date", column });
}

/** One partition a month of a date or timestamp. */
export function month<const Name extends string>(column: Name): Partition<Name> {
  return partition({ transform: "month", column });
}

/** One partition an hour (UTC) of a timestamp. */
export function hour<const Name extends string>(column: Name): Partition<Name> {
  return partition({ transform: "hour", column });
}

/** `count` partitions by a hash of the column. */
export function bucket<const Name extends string>(column: Name, count: number): Partition<Name> {
  return partition({ transform: "bucket", column, count });
}

function partition<Name extends string>(contents: PartitionContents): Partition<Name> {
  return Object.freeze({
    [MARK]: marked("partition", Object.freeze(contents))[MARK],
    as: (name: string) => partition<Name>({ ...contents, name }),
  });
}
