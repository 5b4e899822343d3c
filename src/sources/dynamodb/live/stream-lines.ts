import { SluiceError } from "../../../base/index.ts";
import { RANK, encodeSequence, type FilteredChange } from "../../../contract/index.ts";
import { OPERATIONS, SEQUENCE_DIGITS, changeLine, isByTtl } from "../envelope/change-line.ts";
import { NO_IMAGE } from "./event-images.ts";
import { membersAt, plainText, type Place } from "./json-items.ts";
import type { ImageFilter } from "./filtered-image.ts";
import { isOwn } from "./own-writes.ts";
import type { ShardState } from "./stream-state.ts";
import type { JsonItems } from "./table-client.ts";
import type { Spool } from "./spool.ts";

export interface ShardPlace {
  readonly epoch: number;
  /** The stream's own name: when it was switched on. */
  readonly label: string;
  readonly shard: string;
  /** undefined: everything is taken in. */
  readonly filter?: ImageFilter | undefined;
  /** Images come from items that are fetched: an old image does not tell what was taken in before. */
  readonly fetchesItems?: boolean | undefined;
}

const MICROS_PER_SECOND = 1_000_000n;

/**
 * Writes the records of a shard as lines that the scanner knows, their images as they came, and gives where the shard is after them.
 * The time of a record is whole seconds and counts as no older than those before it in the shard's lineage (DESIGN, "Order").
 */
export function addRecords(spool: Spool, records: JsonItems, place: ShardPlace, start: ShardState): ShardState {
  const { filter } = place;
  let { seconds, after } = start;
  const { bytes, places } = records;
  for (let at = 0; at < places.length; at += 2) {
    const record = partsOf(bytes, places[at] ?? 0);
    const sequence = textAt(bytes, record.sequence, "SequenceNumber");
    const created = Number(rawAt(bytes, record.created, "ApproximateCreationDateTime"));
    if (!/^\d{1,40}$/.test(sequence) || !Number.isFinite(created)) throw noRecord(place, sequence);
    seconds = Math.max(seconds, Math.floor(created));
    after = sequence;
    if (isEcho(bytes, record)) continue;
    const name = textAt(bytes, record.eventName, "eventName");
    const seen = filter === undefined ? "keep" : changeSeen(filter, bytes, { record, name, place });
    if (seen === "skip") continue;
    const leaves = seen === "leaves";
    spool.line(lineOf(bytes, record, { place, name, leaves, sequence, seconds, createdSeconds: Math.floor(created) }));
  }
  return { ...start, seconds, ...(after === undefined ? {} : { after }) };
}

/** What an old image says of itself is known where nothing came after it: without a new one that is a delete. */
function isEcho(bytes: Uint8Array, record: RecordParts): boolean {
  const isDelete = rawAt(bytes, record.eventName, "eventName") === '"REMOVE"';
  return (isDelete || record.newImage !== undefined) && isOwn(bytes, record);
}

interface RecordParts {
  eventId?: Place;
  eventName?: Place;
  identity?: Place;
  sequence?: Place;
  created?: Place;
  keys?: Place;
  newImage?: Place;
  oldImage?: Place;
  view?: Place;
}

const MEMBERS: Readonly<Record<string, keyof RecordParts>> = {
  eventID: "eventId",
  eventName: "eventName",
  userIdentity: "identity",
  SequenceNumber: "sequence",
  ApproximateCreationDateTime: "created",
  Keys: "keys",
  NewImage: "newImage",
  OldImage: "oldImage",
  StreamViewType: "view",
};

function partsOf(bytes: Uint8Array, start: number): RecordParts {
  const parts: RecordParts = {};
  const visit = (from: number, isInner: boolean): void => {
    for (const [name, at] of membersAt(bytes, from)) {
      if (name === "dynamodb" && !isInner) visit(at[0], true);
      else if (Object.hasOwn(MEMBERS, name)) parts[MEMBERS[name] as keyof RecordParts] = at;
    }
  };
  visit(start, false);
  return parts;
}

interface Placed {
  readonly place: ShardPlace;
  /** As DynamoDB calls the change. */
  readonly name: string;
  /** It takes the item out of what the filter shows. */
  readonly leaves: boolean;
  readonly sequence: string;
  /** As it counts, and as it was said. */
  readonly seconds: number;
  readonly createdSeconds: number;
}

function lineOf(
  bytes: Uint8Array,
  record: RecordParts,
  { place, name, leaves, sequence, seconds, createdSeconds }: Placed,
): readonly Uint8Array[] {
  const operation = leaves ? "D" : OPERATIONS[name];
  if (operation === undefined) throw noRecord(place, sequence);
  const order = encodeSequence({
    epoch: place.epoch,
    timeMicros: BigInt(seconds) * MICROS_PER_SECOND,
    rank: RANK.stream,
    position: sequence.padStart(SEQUENCE_DIGITS, "0"),
  });
  const isBare = operation !== "D" && record.newImage === undefined;
  const left = leaves ? `,"left":"${name}"` : "";
  const frame = {
    operation,
    sequence: order,
    event: `stream/${place.label}/${place.shard}/${sequence}/`,
    meta: `${isBare ? NO_IMAGE : ""}${metaOf(bytes, record, place)}${left}`,
    micros: BigInt(createdSeconds) * MICROS_PER_SECOND,
  };
  return changeLine(bytes, record, frame, place.filter);
}

/**
 * Without a new image nobody knows whether an item that is still there matches. What a delete leaves is nothing, whatever the view; it is
 * never passed over where items are fetched: what was fetched for an earlier change may have matched though the old image does not.
 */
function changeSeen(
  filter: ImageFilter,
  bytes: Uint8Array,
  change: { readonly record: RecordParts; readonly name: string; readonly place: ShardPlace },
): FilteredChange {
  const { newImage, oldImage } = change.record;
  const { name, place } = change;
  const isDelete = name === "REMOVE";
  if (isDelete ? place.fetchesItems === true : newImage === undefined) return "keep";
  return filter.change(bytes, {
    ...(newImage === undefined || isDelete ? {} : { newImage }),
    ...(oldImage === undefined ? {} : { oldImage }),
    isInsert: name === "INSERT",
  });
}

function metaOf(bytes: Uint8Array, record: RecordParts, { shard }: ShardPlace): string {
  const members = [`"shard":${JSON.stringify(shard)}`];
  if (record.eventId !== undefined) members.push(`"eventID":${rawAt(bytes, record.eventId, "eventID")}`);
  if (record.identity === undefined) return members.join(",");
  const identity = rawAt(bytes, record.identity, "userIdentity");
  if (identity === "null") return members.join(",");
  members.push(`"userIdentity":${identity}`);
  if (isByTtl(identity)) members.push('"ttl":true');
  return members.join(",");
}

function rawAt(bytes: Uint8Array, place: Place | undefined, name: string): string {
  if (place === undefined) throw missingPart(name);
  return Buffer.from(bytes.buffer, bytes.byteOffset + place[0], place[1] - place[0]).toString("utf8");
}

function textAt(bytes: Uint8Array, place: Place | undefined, name: string): string {
  if (place === undefined) throw missingPart(name);
  return plainText(bytes, place);
}

function missingPart(name: string): SluiceError {
  return new SluiceError("source.corrupt", `Cannot read a record of the stream: it has no ${name}`);
}

function noRecord({ label, shard }: ShardPlace, sequence: string): SluiceError {
  return new SluiceError("source.corrupt", "Cannot read a record of the stream: it is not of the documented form", {
    facts: { stream: label, shard, sequence },
  });
}
