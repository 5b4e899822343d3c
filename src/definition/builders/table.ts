import type { DeletePolicy } from "../model.ts";
import type { Column, Columns } from "./column.ts";
import type { DmsSource } from "./dms.ts";
import type { DynamoDbSource } from "./dynamodb.ts";
import type { DynamoDbTarget } from "./dynamodb-target.ts";
import type { ByteSize, Duration } from "./amounts.ts";
import type { Expectations } from "./expectation.ts";
import { MARK, marked, type Marked } from "./mark.ts";
import type { Partition } from "./partition.ts";
import type { SqlQuery } from "./sql-query.ts";

export interface TableContents {
  readonly layer: "bronze" | "silver" | "gold";
  readonly name: unknown;
  readonly options: unknown;
}

/** A handle: names the table in other tables and in `sql`. */
export interface BronzeTable extends Marked<"table", TableContents> {
  readonly layer: "bronze";
  readonly name: string;
}

export interface SilverTable<ColumnName extends string = string> extends Marked<"table", TableContents> {
  readonly layer: "silver";
  readonly name: string;
  /** Only for the compiler. */
  readonly columnName?: ColumnName;
}

export interface GoldTable extends Marked<"table", TableContents> {
  readonly layer: "gold";
  readonly name: string;
}

export type Table = BronzeTable | SilverTable | GoldTable;

/** What every table may say about itself. */
export interface TableMeaning {
  readonly description?: string;
  /** A person or a team. */
  readonly owner?: string;
  /** Part of the business; becomes a folder above the table. */
  readonly domain?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Properties of the Delta table. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Whether small files are put together after a run, and when. Default: as soon as a partition has ten of them. */
  readonly autoCompact?: false | AutoCompactOptions;
}

export interface AutoCompactOptions {
  /** Small files of a partition that are put together; fewer are left alone. Default 10. */
  readonly minFiles?: number;
  /** Size to aim at; files below half of it are small. Default: the table's `delta.targetFileSize`, else 128 MiB. */
  readonly fileSize?: ByteSize | number;
  /** What one run may rewrite of the table. Default 256 MiB. */
  readonly perRun?: ByteSize | number;
}

export interface BronzeOptions extends TableMeaning {
  readonly source: DynamoDbSource | DmsSource;
  /** Types for some attributes (`{ amount: s.decimal(18, 2) }`); all others follow their type tag, numbers as exact text. */
  readonly columns?: Columns;
  /** Share of a batch's lines (0 to 1) that may be unreadable before the run stops. Default 0.01. */
  readonly unreadable?: number;
  /** Compares the table with its DynamoDB table now and then, as `sluice reconcile` does. Default: when somebody asks for it. */
  readonly reconcile?: ReconcileOptions;
}

export interface ReconcileOptions {
  /** Compares anew so long after the last comparison began. */
  readonly every: Duration;
  /** Read units a second that it may use, or a share of what the table can be read with. Default `"25%"`. */
  readonly readCapacity?: number | `${number}%`;
}

export interface SilverOptions<
  C extends Columns,
  J extends Readonly<Record<string, SilverTable>>,
> extends TableMeaning {
  readonly from: BronzeTable;
  /** Columns that tell rows apart; each comes from a primary key attribute of the source. */
  readonly keys: readonly NoInfer<keyof C & string>[];
  readonly columns: C;
  /** What a delete does: removes the row, marks it `_is_deleted`, or nothing. Default `hard`. */
  readonly deletes?: DeletePolicy;
  /** What a TTL delete does. Default: what `deletes` says. Another one needs `ttl` at the source. */
  readonly ttlDeletes?: DeletePolicy;
  readonly expect?: Expectations;
  /** Other Silver tables, by a name of your choice: left joins with their live rows. */
  readonly join?: { readonly [Alias in keyof J]: Join<NoInfer<keyof C & string>, J[Alias]> };
  /** Oldest an event may be on arrival; older ones go to quarantine. Snapshots are exempt. */
  readonly maxLateness?: Duration;
  readonly partitionBy?: readonly PartitionBy<NoInfer<keyof C & string>>[];
  /** One to four columns by which filters often ask: `optimize` then keeps rows with like values in the same files. */
  readonly clusterBy?: readonly NoInfer<keyof C & string>[];
  /** How changed rows are written. `copy-on-write` for readers without deletion vectors. Default `deletion-vectors`. */
  readonly merge?: "deletion-vectors" | "copy-on-write";
  /** Where the live rows go beside the lake. */
  readonly publish?: DynamoDbTarget;
}

export interface Join<Own extends string, T extends SilverTable> {
  readonly table: T;
  /** Own columns to the other table's keys: `{ cust_id: "cust_id" }`; all of its keys. */
  readonly on: { readonly [Name in Own]?: T extends SilverTable<infer Other> ? Other : string };
}

export interface GoldOptions extends TableMeaning {
  readonly query: SqlQuery;
  /** Types (cast to, where the query gives another) and meaning of the query's columns; all or some of them. */
  readonly columns?: Readonly<Record<string, Column>>;
  readonly expect?: Expectations;
  readonly partitionBy?: readonly PartitionBy<string>[];
  /** One to four columns by which filters often ask: `optimize` then keeps rows with like values in the same files. */
  readonly clusterBy?: readonly string[];
  /** `full`: computed anew whenever a table it reads has changed. */
  readonly refresh?: "full";
  /** Where the table's rows go beside the lake. */
  readonly publish?: DynamoDbTarget;
}

/** A column itself, or something computed from it. */
export type PartitionBy<Name extends string> = Name | Partition<Name>;

/** Every change of a source, as it came. */
export function bronze(name: string, options: BronzeOptions): BronzeTable {
  return handle("bronze", name, options);
}

/** The latest state of each key, typed and judged. */
export function silver<
  const C extends Columns,
  const J extends Readonly<Record<string, SilverTable>> = Readonly<Record<string, SilverTable>>,
>(name: string, options: SilverOptions<C, J>): SilverTable<keyof C & string> {
  return handle("silver", name, options);
}

/** The answer to a query over Silver and other Gold tables. */
export function gold(name: string, options: GoldOptions): GoldTable {
  return handle("gold", name, options);
}

function handle<Layer extends "bronze" | "silver" | "gold">(layer: Layer, name: string, options: unknown) {
  return Object.freeze({ layer, name, [MARK]: marked("table", Object.freeze({ layer, name, options }))[MARK] });
}
