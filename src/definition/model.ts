import type { DataType, DmsTable, ItemFilter, TableName } from "../contract/index.ts";
import type { Rule } from "../quality/index.ts";
import type { S3Place } from "./builders/s3-place.ts";

export type { Rule };

/** What the user wrote, as one immutable value: validated, with every default filled in. */
export interface LakeDefinition {
  readonly name: string;
  readonly roots: Readonly<Record<"bronze" | "silver" | "gold" | "quarantine" | "system", ResolvedLocation>>;
  readonly engine: EngineSettings;
  /** In an order in which every table comes after the tables it reads. */
  readonly tables: readonly TableDefinition[];
}

/** An absolute folder of this machine, or a place in S3, or a folder below it. */
export type ResolvedLocation = string | (S3Place & { readonly folder?: string });

export interface EngineSettings {
  /** Bytes the engine may use; spills to `spill` beyond. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Absolute folder for spilled data; a private one is made below it. */
  readonly spill: string;
  /** `auto`, `install`, `off`, or the absolute path of DuckDB's httpfs extension; `auto` where it is not said. */
  readonly httpfs?: string;
}

export type TableDefinition = BronzeDefinition | SilverDefinition | GoldDefinition;

/** What tables say about themselves; goes into the tables' metadata. */
export interface Meaning {
  readonly description?: string;
  readonly owner?: string;
  readonly domain?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ColumnMeaning {
  readonly description?: string;
  readonly pii: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** When small files of a table are put together after a run, and how much of it at once; sizes in bytes. */
export interface AutoCompaction {
  readonly minFiles: number;
  readonly maxBytes: number;
  /** undefined: the table's `delta.targetFileSize`, else the planner's own. */
  readonly targetBytes?: number;
}

export interface BronzeDefinition {
  readonly layer: "bronze";
  readonly name: TableName;
  readonly meaning: Meaning;
  readonly source: SourceDefinition;
  /** Types that the user gave to attributes; everything else follows the type tag. */
  readonly hints: readonly ColumnHint[];
  /** Share of a batch's lines that may be unreadable before the run stops (0.01 = 1 %). */
  readonly unreadableAtMost: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly autoCompact: AutoCompaction | false;
  /** How often it is compared with its source; undefined: when somebody asks for it. */
  readonly reconcile?: ReconcileSchedule;
}

export interface ReconcileSchedule {
  /** How long after its beginning the next one begins. */
  readonly everyMs: number;
  /** Read units a second that it may use, or a share (0 to 1) of what the table can be read with. */
  readonly readCapacity: number | { readonly share: number };
}

export interface ColumnHint {
  readonly name: string;
  readonly type: DataType;
  readonly meaning: ColumnMeaning;
}

export type SourceDefinition = DynamoDbDefinition | DmsDefinition;

export interface DynamoDbDefinition {
  readonly kind: "dynamodb";
  readonly table: string;
  /** Primary key attributes: partition key, then the sort key if there is one. */
  readonly keys: readonly string[];
  readonly ttlAttribute?: string;
  /** Its exports, which are the table's snapshot and windows of changes. */
  readonly exports?: {
    /** The place that holds `AWSDynamoDB/` somewhere below. */
    readonly folder: ResolvedLocation;
    /** Whether the first thing must be a full export; `false` when the windows reach back to the table's creation. */
    readonly requireFull: boolean;
    /** DynamoDB is asked for them. */
    readonly requests?: ExportRequests;
  };
  /** A scan of the table, which is its snapshot. */
  readonly scan?: TableScan;
  /** Whether the table's stream is read. */
  readonly stream: boolean;
  /** How items are read that the stream tells of without an image; undefined: they are not. */
  readonly fetchItems?: { readonly readCapacity?: number };
  /** The Kinesis stream that it sends its changes to. */
  readonly kinesis?: {
    /** Name or ARN. */
    readonly stream: string;
    readonly region?: string;
    readonly endpoint?: string;
    readonly sinceMs?: number;
  };
  /** Files of its changes that Firehose delivered. */
  readonly firehose?: {
    readonly folder: ResolvedLocation;
    readonly errors?: string;
    readonly latenessMs?: number;
    readonly exactAttributes?: boolean;
  };
  /** Changes read from an index whose sort key says when an item was changed. */
  readonly incremental?: IndexIncrements;
  /** Which items are taken in, and what of them; undefined: all, whole. */
  readonly filter?: ItemFilter;
  /** undefined: as the environment says. */
  readonly region?: string;
  /** Another server than AWS's own. */
  readonly endpoint?: string;
}

export interface ExportRequests {
  /** How much a window of changes holds. */
  readonly everyMs: number;
}

export interface IndexIncrements {
  readonly index: string;
  readonly attribute: string;
  /** Values of the index's partition key, as DynamoDB JSON. */
  readonly partitions: readonly string[];
  readonly overlapMs: number;
  /** From one reading to the next; undefined: one a run. */
  readonly everyMs?: number;
  /** Read units a second that it may use. */
  readonly readCapacity?: number;
}

export interface TableScan {
  /** Read units a second that it may use, or a share (0 to 1) of what the table can be read with. */
  readonly readCapacity?: number | { readonly share: number };
  /** Provisioned read capacity while a scan is at work; undefined: what the table has. */
  readonly raiseTo?: number;
  /** Parts that are read side by side. */
  readonly segments?: number;
  /** How long after its beginning the next one begins; undefined: there is one. */
  readonly everyMs?: number;
}

/** Where the rows of a table go beside the lake, one item a row. */
export interface PublishDefinition {
  readonly kind: "dynamodb";
  /** The DynamoDB table's name. */
  readonly table: string;
  /** Its key attributes, the partition key first, and what is in them. */
  readonly keys: readonly KeyTemplate[];
  /** Columns that become attributes; undefined: all of them, in Silver those that it declares. */
  readonly columns?: readonly string[];
  readonly region?: string;
  readonly endpoint?: string;
  /** Units of write capacity that a publish may use a second; undefined: what the target takes for right. */
  readonly writeCapacity?: number;
  /** Provisioned write capacity while a publish is at work; undefined: what the table has. */
  readonly raiseTo?: number;
  /** What becomes of an item that Sluice did not write and that stands where a row belongs. */
  readonly existing: "refuse" | "replace";
  /** How long a tombstone stays, and the TTL attribute that it carries. */
  readonly tombstones: { readonly keepMs: number; readonly ttlAttribute?: string };
}

/** A key attribute: texts and columns, one after the other. */
export interface KeyTemplate {
  readonly attribute: string;
  readonly parts: readonly KeyPart[];
}

export type KeyPart = { readonly text: string } | { readonly column: string };

export interface DmsDefinition extends DmsTable {
  readonly kind: "dms";
  /** The bucket folder: below it lie `<schema>/<table>/`. */
  readonly folder: ResolvedLocation;
  /** Rows of a relational table do not expire. */
  readonly ttlAttribute?: undefined;
}

export type DeletePolicy = "hard" | "soft" | "keep";

export interface SilverDefinition {
  readonly layer: "silver";
  readonly name: TableName;
  readonly meaning: Meaning;
  /** The Bronze table it is made from. */
  readonly from: TableName;
  readonly keys: readonly string[];
  readonly columns: readonly SilverColumn[];
  readonly deletes: DeletePolicy;
  readonly ttlDeletes: DeletePolicy;
  readonly rules: readonly Rule[];
  readonly joins: readonly SilverJoin[];
  /** Oldest an event may be on arrival, in ms (`_ingestion_timestamp` − `_source_ts`), snapshots exempt. */
  readonly maxLatenessMs?: number;
  readonly partitionBy: readonly PartitionField[];
  readonly merge: "deletion-vectors" | "copy-on-write";
  /** Columns by which OPTIMIZE sorts rows into files; none: by none. */
  readonly clusterBy: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly autoCompact: AutoCompaction | false;
  readonly publish?: PublishDefinition;
}

export interface SilverColumn {
  readonly name: string;
  readonly type: DataType;
  readonly meaning: ColumnMeaning;
  readonly from:
    /** An attribute of the record, by path (`product.code` is `["product", "code"]`). */
    | { readonly kind: "attribute"; readonly path: readonly string[] }
    /** SQL over the table's other columns (those from attributes). */
    | { readonly kind: "sql"; readonly sql: string }
    /** A column of a joined table. */
    | { readonly kind: "joined"; readonly join: string; readonly column: string };
}

/** A left join with the live rows of another Silver table, at most one row a key: `on` maps own columns to that table's keys. */
export interface SilverJoin {
  readonly alias: string;
  readonly table: TableName;
  readonly on: Readonly<Record<string, string>>;
}

export interface PartitionField {
  /** The partition column's name in the table. */
  readonly name: string;
  readonly transform:
    | { readonly kind: "identity" }
    | { readonly kind: "date" | "month" | "hour"; readonly column: string }
    | { readonly kind: "bucket"; readonly column: string; readonly count: number };
}

export interface GoldDefinition {
  readonly layer: "gold";
  readonly name: TableName;
  readonly meaning: Meaning;
  /** SQL whose tables are named `"silver.orders"` and, with deleted rows, `"silver.orders$with_deleted"`, each as one quoted identifier. */
  readonly query: string;
  readonly reads: readonly TableName[];
  readonly columns: readonly ColumnHint[];
  readonly rules: readonly Rule[];
  readonly refresh: "full";
  readonly partitionBy: readonly PartitionField[];
  readonly clusterBy: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly autoCompact: AutoCompaction | false;
  readonly publish?: PublishDefinition;
}
