import { createHash } from "node:crypto";
import { markerOf, type AttributeMap, type AttributeValue } from "../../contract/index.ts";
import type { PublishMark, PublishSequence, TargetChange, WriteVerdict } from "../target.ts";
import type { KeyAttribute } from "./key-attributes.ts";

/** What the marker of an item says. */
export interface Marker {
  readonly publisher: string;
  readonly sequence: PublishSequence;
  readonly hash: string;
  readonly isDeleted: boolean;
  readonly writtenMs: number;
}

/** `hash` of a tombstone, which has no content. */
export const DELETED = "deleted";

export function markerAttribute({ publisher, sequence, hash, isDeleted, writtenMs }: Marker): AttributeValue {
  return {
    M: {
      publisher: { S: publisher },
      epoch: { N: String(sequence.epoch) },
      version: { N: String(sequence.version) },
      hash: { S: hash },
      written: { N: String(writtenMs) },
      ...(isDeleted ? { deleted: { BOOL: true } } : {}),
    },
  };
}

/** Undefined for an item without a marker, or with one that we did not write so. */
export function readMarker(item: AttributeMap | undefined): Marker | undefined {
  const { publisher, epoch, version, hash, written, deleted } = markerOf(item) ?? {};
  const sequence = { epoch: numberOf(epoch), version: numberOf(version) };
  const [owner, content] = [textOf(publisher), textOf(hash)];
  if (owner === undefined || content === undefined || Number.isNaN(sequence.epoch + sequence.version)) return undefined;
  return { publisher: owner, sequence, hash: content, isDeleted: deleted !== undefined, writtenMs: numberOf(written) };
}

/** Bytes that the marker adds to an item, at most. */
export function markerBytes(publisher: string): number {
  return 130 + Buffer.byteLength(publisher);
}

/**
 * Lets a write through where there is nothing, where what is there is older and of the same publisher, and where it is of the same
 * version with another content (the definition has changed, or somebody changed the item by hand).
 */
export function writeCondition(
  change: Pick<TargetChange, "sequence" | "repairs">,
  {
    publisher,
    hash,
    partition,
    replacesForeign,
  }: {
    readonly publisher: string;
    readonly hash: string;
    readonly partition: string;
    readonly replacesForeign: boolean;
  },
): {
  readonly expression: string;
  readonly names: Record<string, string>;
  readonly values: Record<string, AttributeValue>;
} {
  const same = change.repairs === true ? "#m.#v = :v" : "(#m.#v = :v AND #m.#h <> :h)";
  const older = `(#m.#p = :p AND (#m.#e < :e OR (#m.#e = :e AND (#m.#v < :v OR ${same}))))`;
  const foreign = replacesForeign ? " OR attribute_not_exists(#m)" : "";
  return {
    expression: `attribute_not_exists(#k) OR ${older}${foreign}`,
    names: {
      "#k": partition,
      "#m": "_sluice",
      "#p": "publisher",
      "#e": "epoch",
      "#v": "version",
      ...(change.repairs === true ? {} : { "#h": "hash" }),
    },
    values: {
      ":p": { S: publisher },
      ":e": { N: String(change.sequence.epoch) },
      ":v": { N: String(change.sequence.version) },
      ...(change.repairs === true ? {} : { ":h": { S: hash } }),
    },
  };
}

/** What it means that the condition did not hold for what is there. */
export function judgeRefusal(
  existing: AttributeMap | undefined,
  {
    publisher,
    hash,
    sequence,
  }: { readonly publisher: string; readonly hash: string; readonly sequence: PublishSequence },
): WriteVerdict {
  const marker = readMarker(existing);
  if (marker === undefined || marker.publisher !== publisher) {
    return { kind: "foreign", publisher: marker?.publisher };
  }
  const isSame = compareSequences(marker.sequence, sequence) === 0 && marker.hash === hash;
  return isSame ? { kind: "present" } : { kind: "newer", found: marker.sequence };
}

function compareSequences(one: PublishSequence, other: PublishSequence): number {
  return one.epoch - other.epoch || one.version - other.version;
}

/** The key of the item that holds a publisher's mark: no row is likely to have it, and one that has it is refused. */
export function markKey(publisher: string, keys: readonly KeyAttribute[]): AttributeMap {
  const title = `_sluice#${publisher}`;
  const [partition, sort] = keys;
  const digits = BigInt(`0x${createHash("sha256").update(title).digest("hex").slice(0, 30)}`);
  return {
    ...(partition === undefined ? {} : { [partition.name]: valueOf(partition.type, title, `-${digits}`) }),
    ...(sort === undefined ? {} : { [sort.name]: valueOf(sort.type, "mark", "0") }),
  };
}

function valueOf(type: KeyAttribute["type"], text: string, number: string): AttributeValue {
  return type === "N" ? { N: number } : type === "B" ? { B: Buffer.from(text) } : { S: text };
}

/** One text for one mark: what is to be replaced is named by it. */
export function markText(mark: PublishMark): string {
  const { publisher, source, epoch, fingerprint, published, claimed, owner, done, state, raisedFrom } = mark;
  const written = { format: 1, publisher, source, epoch, fingerprint, published, claimed, owner, done, state };
  return JSON.stringify(raisedFrom === undefined ? written : { ...written, raisedFrom });
}

/** Undefined for an item that is no mark of a form that we know. */
export function readMarkText(item: AttributeMap): PublishMark | undefined {
  const text = textOf(markerOf(item)?.["mark"]);
  try {
    const read = JSON.parse(text ?? "null") as (PublishMark & { readonly format?: unknown }) | null;
    if (read === null || read.format !== 1) return undefined;
    const { format: _format, ...mark } = read;
    return markText(mark) === text ? mark : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: AttributeValue | undefined): string | undefined {
  return value !== undefined && "S" in value ? value.S : undefined;
}

function numberOf(value: AttributeValue | undefined): number {
  return value !== undefined && "N" in value ? Number(value.N) : Number.NaN;
}
