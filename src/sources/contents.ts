import type { RateLimit, World } from "../base/index.ts";
import type { StructType } from "../contract/index.ts";
import type { Row } from "../engine/index.ts";
import type { StagedBatch } from "./source.ts";

/** What a source has at present, asked for beside its channels: to compare it with what was made of them. */
export interface SourceContents {
  /**
   * All records, batch by batch, as Bronze would take them in; `known` is its schema. A batch lies in a folder that is gone once the next
   * one is asked for.
   */
  read(known: StructType, reading: ContentsReading): AsyncIterable<StagedBatch>;
  /** Records as they are now, by `_key`; one that is not there is not in the answer. */
  find(keys: readonly string[], reading: ContentsReading): Promise<ReadonlyMap<string, Attributes>>;
  /** A budget of units a second: so many, or a share (above 0, at most 1) of what the source allows now. */
  budget(units: number | { readonly share: number }, world: World): Promise<RateLimit>;
  /** The attributes of a Bronze row that has an image. */
  attributesOf(row: Row, schema: StructType): Attributes;
}

/** A record's attributes, each in the one spelling of its value: equal texts for equal values. */
export type Attributes = ReadonlyMap<string, string>;

export interface ContentsReading {
  readonly world: World;
  /** For the files of one batch. */
  readonly openFolder: () => Promise<AsyncDisposable & { readonly path: string }>;
  /** Units a second that may be used. */
  readonly limit?: RateLimit;
  readonly signal?: AbortSignal;
  readonly onProgress?: (read: { readonly records: number; readonly bytes: number }) => void;
}
