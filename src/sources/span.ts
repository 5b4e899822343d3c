/** Batches of one channel, by their numbers. */
export interface BatchRange {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly rows: number;
  /** When the manifests of the first and the last one were written. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What a channel's batches of one epoch leave. */
export interface ChannelEpoch {
  readonly epoch: number;
  readonly batches: BatchRange;
  /** The channel's memory after the last of them. */
  readonly end: string;
  /** What their files came to, by the groups that the channel sorts them into. */
  readonly files?: ReadonlyMap<string, FileTally>;
}

/** What files that were read came to. */
export interface FileTally {
  readonly files: number;
  readonly records: number;
  readonly rows: number;
  readonly quarantined: number;
  /** When the first and the last of them were written, ms; undefined where their times are not remembered. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  /** When the oldest and the newest of their changes happened, by the source's clock, ms; undefined where nobody knows. */
  readonly oldestMs: number | undefined;
  readonly newestMs: number | undefined;
}

/** What is kept of a channel: its epochs, the oldest first, and what it has learnt since without taking a record in. */
export interface ChannelHistory {
  readonly epochs: readonly ChannelEpoch[];
  readonly moved?: string | undefined;
  /** There are older batches that nobody looked at. */
  readonly isCut?: boolean;
}

/** A stretch of the source's time whose changes a channel has taken in. */
export interface Span {
  readonly channel: string;
  readonly epoch: number;
  /** A snapshot has what everything before its moment came to; changes are there one by one. */
  readonly kind: "snapshot" | "changes";
  /** For people: `full export`, `scan`, `stream`. */
  readonly title: string;
  /** Changes from this moment on are in; undefined: from the table's beginning on, as with every snapshot. */
  readonly fromMs: number | undefined;
  /** Changes before this moment are in; undefined: it is under way, and nothing is certain yet. */
  readonly toMs: number | undefined;
  /** The moment that a snapshot shows. */
  readonly atMs?: number;
  /** How far what comes before must reach beyond `fromMs` for nothing to be lost between the two: clocks differ. */
  readonly overlapMs: number;
  /** It begins because the definition takes in something else than before, or by another way: a snapshot brings the rest. */
  readonly isRedefined?: boolean;
  /** No gap is known in it, but its source would not show one: what it has counts as read, never as covered. */
  readonly isUnproven?: boolean;
  /** What it cannot bring, or cannot tell. */
  readonly limits?: readonly Limit[];
  /** The shards, hours, windows or kinds of files that it is made of. */
  readonly parts?: readonly SourcePart[];
  /** What is known to be missing in it. */
  readonly missing?: readonly MissingPart[];
  /** undefined: nothing was taken in yet. */
  readonly batches: BatchRange | undefined;
  /** `of`: undefined where nobody knows before the end. */
  readonly progress?: { readonly done: number; readonly of: number | undefined; readonly what: string };
  /** Of a source that forgets: what it still owes. */
  readonly owed?: OwedChanges;
}

export interface OwedChanges {
  /** None that is unread is older. */
  readonly fromMs: number;
  /** How long the source keeps a change for certain. */
  readonly keptMs: number;
  readonly parts: readonly SourcePart[];
}

/** What a channel cannot bring, or cannot tell: for programs a word, for people a sentence. */
export interface Limit {
  readonly kind: "sending" | "missing-files" | "deletes" | "unindexed" | "overlap" | "load-end" | "load-begin";
  readonly text: string;
}

/** Something that is named, and known not to be in. */
export interface MissingPart {
  /** `failed`: the source could not deliver it. `missing`: a number was left out. */
  readonly kind: "failed" | "missing";
  readonly what: string;
  /** Its changes happened before this moment; and only a snapshot that reaches `neededMs` makes up for them for sure. */
  readonly toMs: number;
  readonly neededMs: number;
  /** What to do, for people. */
  readonly advice: string;
}

/** A shard, an hour of files, a partition of an index, a kind of files. */
export interface SourcePart {
  readonly name: string;
  /**
   * `done`: read to its end. `current`: read up to what it had. `behind`: a part of what it had is unread. `unread`: nothing was taken from it yet.
   * `read`: files of it were read, and whether there are more nobody can tell. `empty`: there was no file of it.
   */
  readonly state: "done" | "current" | "behind" | "unread" | "read" | "empty";
  /** Everything in it that is older was read; undefined where it was read to its end, or nobody knows. */
  readonly upToMs: number | undefined;
  /** What it came from: a shard that was split, those that were merged. */
  readonly parents?: readonly string[];
  /** The first and the last that was read of it. */
  readonly from?: PartPlace;
  readonly to?: PartPlace;
  /** Where its newest reading began, and how far before the end of the one before it. */
  readonly window?: PartPlace;
  readonly overlapMs?: number;
  readonly files?: FileTally;
}

/** A place in a source, in the source's own words, and when that is. */
export interface PartPlace {
  readonly text?: string;
  readonly ms?: number;
}
