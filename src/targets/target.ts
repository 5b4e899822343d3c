import type { StructType } from "../contract/index.ts";
import type { Row } from "../engine/index.ts";

/** A place that a table's rows are published to, one item a row, told apart by one or two key attributes. */
export interface Target {
  /** For messages: `DynamoDB table daily`. */
  readonly title: string;
  /** Reaches the place and looks at what it is; fails with `target.…` where it is not there or does not fit. */
  open(): Promise<OpenTarget>;
}

export interface OpenTarget extends AsyncDisposable {
  /** The item of a row, with its key as text (one text an attribute), or why there can be none. */
  encode(row: Row, key: readonly string[], schema: StructType): EncodedRow | UnfitRow;
  /** The publisher's high-water mark, as it is now; undefined where nothing was ever published. */
  readMark(): Promise<PublishMark | undefined>;
  /** Writes the mark unless somebody else has written it since `replaces` (undefined: it must not exist). A repeated call is one. */
  writeMark(mark: PublishMark, replaces: PublishMark | undefined): Promise<"written" | "changed">;
  /** Writes or removes one item unless what is there must stay. `keep` comes before every request, and may fail. May be repeated. */
  write(change: TargetChange, keep: () => Promise<void>): Promise<WriteVerdict>;
  /** Removes a tombstone, unless it is another item by now. */
  forget(tombstone: StoredItem, keep: () => Promise<void>): Promise<void>;
  /** Every item of this publisher, tombstones too, in no order. */
  items(limits?: ReadLimits): AsyncIterable<StoredItem>;
  /** Units a second that the place is paid for; undefined where it is not paid so. */
  readonly capacity: TargetCapacity | undefined;
}

export interface ReadLimits {
  /** Units of read capacity a second; as many as the place gives unless told. */
  readonly readCapacity?: number;
}

export interface TargetCapacity {
  /** The place as everybody names it, such as an ARN. */
  readonly place: string;
  /** How many there are once no change of it is under way; undefined where it is not paid so any more. */
  units(): Promise<number | undefined>;
  /** Resolves when the place has so many. */
  set(units: number): Promise<void>;
}

/** Made by a target's `encode`; only that target knows what is in it. */
export interface EncodedRow {
  readonly key: readonly string[];
  /** Equal for equal items. */
  readonly hash: string;
  /** In the target's own way of counting. */
  readonly sizeBytes: number;
  readonly item: unknown;
}

export interface UnfitRow {
  readonly key: readonly string[];
  readonly flaw: string;
}

export function isUnfit(row: EncodedRow | UnfitRow): row is UnfitRow {
  return "flaw" in row;
}

/** Where a write stands in the order of all writes of a publisher: a greater epoch, then a greater version, is newer. */
export interface PublishSequence {
  readonly epoch: number;
  readonly version: number;
}

export interface TargetChange {
  readonly sequence: PublishSequence;
  readonly key: readonly string[];
  /** undefined: there is no row of that key any more. */
  readonly row: EncodedRow | undefined;
  /** Also over an item of the same sequence, whatever is in it: somebody else has changed it. */
  readonly repairs?: boolean;
}

export type WriteVerdict =
  | { readonly kind: "written"; readonly units: number }
  /** It was there already, by an earlier attempt. */
  | { readonly kind: "present" }
  /** What is there is newer. */
  | { readonly kind: "newer"; readonly found: PublishSequence }
  /** What is there belongs to another publisher, or to nobody of ours. */
  | { readonly kind: "foreign"; readonly publisher: string | undefined };

export interface StoredItem {
  readonly key: readonly string[];
  readonly sequence: PublishSequence;
  /** Of what is in the item now. */
  readonly hash: string;
  /** A tombstone. */
  readonly isDeleted: boolean;
  /** The tombstone is old enough to go. */
  readonly isExpired: boolean;
}

/**
 * What a publisher remembers in the target itself, so that nothing that the lake may lose decides whether a publish is too old.
 * `published` ≤ `claimed`; they differ while somebody is at work, and after a crash.
 */
export interface PublishMark {
  /** `<lake>/<table>`. */
  readonly publisher: string;
  /** The id of the Delta table. Versions of another one cannot be compared with its own. */
  readonly source: string;
  readonly epoch: number;
  /** Of what is published and under which keys. */
  readonly fingerprint: string;
  /** The newest version that is wholly there; -1 before the first. */
  readonly published: number;
  /** The newest version that somebody has begun to write. */
  readonly claimed: number;
  /** The run that claimed it. */
  readonly owner: string;
  /** Of the claim's changes, in their order, so many are certainly there. */
  readonly done: number;
  /**
   * What an unfinished claim leaves: `clean` – the target is at `published`, or between it and `claimed`; `mixed` – other versions in
   * between were begun, too; `unknown` – only a comparison can tell what is there.
   */
  readonly state: "clean" | "mixed" | "unknown";
  /** The capacity of before, while it is raised. */
  readonly raisedFrom?: number;
}
