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
}

/** What is kept of a channel: its epochs, the oldest first, and what it has learnt since without taking a record in. */
export interface ChannelHistory {
  readonly epochs: readonly ChannelEpoch[];
  readonly moved?: string | undefined;
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
  /** It begins because the definition takes in something else than before: a snapshot brings the rest. */
  readonly isRedefined?: boolean;
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

/** A shard, say. */
export interface SourcePart {
  readonly name: string;
  /** `done`: read to its end. `current`: read up to what it had. `behind`: a part of what it had is unread. `unread`: nothing was taken from it yet. */
  readonly state: "done" | "current" | "behind" | "unread";
  /** Everything in it that is older was read; undefined where it was read to its end. */
  readonly upToMs: number | undefined;
}
