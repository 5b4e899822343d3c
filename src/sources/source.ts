import type { PrivateFolder, SluiceError, World } from "../base/index.ts";
import type { BatchFile, BatchManifest, StructType } from "../contract/index.ts";
import type { Relation, Row } from "../engine/index.ts";
import type { SourceContents } from "./contents.ts";
import type { ChannelHistory, Span } from "./span.ts";

/** A place that records come from, over one or more channels. */
export interface Source {
  /** `dynamodb`, `mysql` …: becomes `_source_system`. */
  readonly system: string;
  /** The source's own name of the table: becomes `_source_table`. */
  readonly table: string;
  readonly channels: readonly Channel[];
  /** The original record of a Bronze row (all its columns), in the source's own form. */
  rebuild(row: Row, schema: StructType): string;
  /**
   * The line (from 1, of the uncompressed file) that holds the record of this `_key`; undefined when the file is gone or
   * has no such record. `file` is a row's `_ingest_file`.
   */
  locate(file: string, key: string): Promise<number | undefined>;
  /** What it has at present, where it can be asked for beside its channels. */
  readonly contents?: SourceContents;
  /** Ends its connections, where it has any. */
  close?(): void;
}

/** One way by which a source's records arrive. A channel commits strictly in order. */
export interface Channel {
  /** `export`, `stream` …; part of the `txn` appId. */
  readonly name: string;
  /**
   * Whether it brings changes while they happen, or sees to it that others have something to read: its turn comes before theirs, and again
   * while these take long. What it learnt without taking a record in is remembered.
   */
  readonly isLive?: boolean;
  /** Whether its source may deliver a record again: an event that came within a day is not taken in twice. Names of events begin with their times. */
  readonly mayRepeat?: boolean;
  /** Whether it can get on without taking a record in, as a live channel can: what it learnt then is remembered. */
  readonly movesWithoutRecords?: boolean;
  /** Looks at what is there and decides what to read next; reads no records, writes nothing. */
  plan(state: ChannelState): Promise<ChannelPlan>;
  /** Reads one planned batch into local files. `known` is the Bronze table's present schema (contract columns included). */
  stage(batch: PlannedBatch, known: StructType | undefined, context: StageContext): Promise<StagedBatch>;
  /** Which stretches of the source's time its batches cover, by what they left alone; absent where the channel cannot tell. */
  covered?(history: ChannelHistory): readonly Span[];
  /** The group in which a file of its batches counts for `covered`; absent where the channel's memory tells all that it needs. */
  readonly groupOf?: (file: BatchFile) => string;
  /** Puts back what reading changed at the source; comes at the end of each run, however it went. Says what is left for the next. */
  finish?(): Promise<readonly Notice[]>;
}

/** How a process that stays comes back to a channel: it need not ask again for what it saw a moment ago. */
export interface Pace {
  /** Between two readings. */
  readonly flushMs: number;
  /** When the present one began, in ms since the epoch. */
  readonly roundMs: number;
}

export interface ChannelState {
  /** The channel's newest committed batch; undefined before the first. Its `end` is the channel's own memory. */
  readonly last: BatchManifest | undefined;
  /** What the channel has learnt since without taking a record in, in the form of an `end`; undefined: nothing, or it was lost. */
  readonly moved?: string | undefined;
  /** The memory of the source's other channels, as far as they have one, by the channel's name. */
  readonly beside?: ReadonlyMap<string, string>;
  /** The channel's committed batches, the newest first: read one by one as they are asked for. */
  readonly history?: () => AsyncIterable<BatchManifest>;
  /** The newest epoch of a batch that is in, whichever channel brought it, those among them that the source has no longer; 0 before the first. */
  readonly newestEpoch?: () => Promise<number>;
  /**
   * When the newest batch of any channel but the named ones was made, those among them that the source has no longer, ms; undefined where
   * they brought nothing.
   */
  readonly othersMs?: (named: readonly string[]) => Promise<number | undefined>;
  /** Undefined for a process that reads what is there, once. */
  readonly pace?: Pace;
}

export interface ChannelPlan {
  /** To be staged and committed in this order. */
  readonly batches: readonly PlannedBatch[];
  /** What is left for a later run, and why (a running export, a window behind it). */
  readonly waiting: readonly Notice[];
  /** What needs no reading, and why (delivered already, before the snapshot). */
  readonly skipped: readonly Notice[];
  /** What stops the table once `batches` are in: a hole, a damaged manifest. */
  readonly problem?: SluiceError;
  /** Why no Silver table can be made of what the channel brings: Bronze takes it in all the same. */
  readonly unfit?: SluiceError;
}

export interface Notice {
  /** Relative to the source's root. */
  readonly what: string;
  readonly why: string;
}

export interface PlannedBatch {
  readonly epoch: number;
  readonly files: readonly PlannedFile[];
  /**
   * The channel's memory before and after the batch (JSON in the channel's own words). An open batch has no end before it is read:
   * its staged form has one, and says what to read behind it.
   */
  readonly start: string;
  readonly end: string | undefined;
  /** For people: `full export 2011-09-01T00:00:00Z`. */
  readonly title: string;
  /** About how many records it has, where its files do not say. */
  readonly records?: number;
}

export interface PlannedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly md5: string;
  readonly records: number;
  /** What the channel needs to read it (JSON-able, the channel's own). */
  readonly unit: Readonly<Record<string, string | number | boolean | null>>;
}

export interface StageContext {
  readonly world: World;
  /** A private folder for this batch; removed by whoever made it. */
  readonly folder: string;
  /** A folder for what is read ahead of the batch, gone by `finish` at the latest; undefined where nothing is to be read ahead. */
  readonly openFolder?: () => Promise<PrivateFolder>;
  readonly signal?: AbortSignal;
  /** Undefined for a process that reads what is there, once. */
  readonly pace?: Pace;
  readonly onProgress?: (read: { readonly records: number; readonly bytes: number }) => void;
}

export interface StagedBatch {
  /**
   * One row an event, with every contract column but `_batch_id`, `_ingestion_timestamp` and `_ingestion_date`,
   * and the record's attributes in the columns of `schema`.
   */
  readonly relation: Relation;
  /** The Bronze schema that holds the rows: the contract columns, the known attributes and those that this batch adds. */
  readonly schema: StructType;
  readonly files: readonly BatchFile[];
  readonly rows: number;
  /** Lines that are no record. */
  readonly unreadable: readonly UnreadableLine[];
  /** When the newest of its changes happened, by the source's clock, in ms since the epoch; undefined where nobody knows. */
  readonly newestMs?: number;
  /** Of an open batch: the channel's memory after it. Without rows it is no batch of its own. */
  readonly end?: string;
  /** Of an open batch: what to read next; undefined when there is nothing more at present. */
  readonly behind?: PlannedBatch;
}

export interface UnreadableLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of the uncompressed file. */
  readonly byteOffset: number;
  readonly reason: string;
  /** The raw bytes, base64 (cut at 1 MiB; `sizeBytes` is the whole). */
  readonly raw: string;
  readonly sizeBytes: number;
}
