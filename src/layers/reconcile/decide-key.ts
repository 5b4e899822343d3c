import type { Attributes } from "../../sources/index.ts";

/** What the lake has of a key. */
export interface LakeRecord {
  /** undefined: it is not there, or was deleted. */
  readonly attributes: Attributes | undefined;
  /** The newest batch with an event of the key; -1 for none. */
  readonly batch: number;
}

export interface Difference {
  readonly what:
    /** The source has it, the lake has not. */
    | "missing"
    /** The lake has it, the source has not. */
    | "extra"
    | "different";
  /** Names of the attributes that one side lacks or has otherwise; of a record that one side lacks: none. */
  readonly attributes: readonly string[];
}

export type KeyVerdict = "equal" | "moving" | Difference;

/**
 * Whether a record of the source, read at a moment, is what the lake has of it after it took in what came until later. Where events of the
 * key came in since the reading, a difference may be theirs: the key is moving, and is to be read again. `batchBefore` is the newest batch
 * that was in before the reading.
 */
export function decideKey(source: Attributes | undefined, lake: LakeRecord, batchBefore: number): KeyVerdict {
  const difference = differenceOf(source, lake.attributes);
  if (difference === undefined) return "equal";
  return lake.batch > batchBefore ? "moving" : difference;
}

function differenceOf(source: Attributes | undefined, lake: Attributes | undefined): Difference | undefined {
  if (source === undefined) return lake === undefined ? undefined : { what: "extra", attributes: [] };
  if (lake === undefined) return { what: "missing", attributes: [] };
  const names = new Set([...source.keys(), ...lake.keys()]);
  const attributes = [...names].filter((name) => source.get(name) !== lake.get(name)).toSorted();
  return attributes.length === 0 ? undefined : { what: "different", attributes };
}
