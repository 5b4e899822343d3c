import { NO_IMAGE } from "../live/event-images.ts";
import { JsonFormError, membersAt, plainText, type Place } from "../live/json-items.ts";
import { OPERATIONS, SEQUENCE_DIGITS, isByTtl, type Images } from "./change-line.ts";
import { contentPosition } from "./content-position.ts";
import { eventMicros } from "./event-time.ts";

/** A change as Kinesis Data Streams for DynamoDB gives it, or as DynamoDB Streams gave it to whoever passed it on. */
export interface Envelope {
  /** The table's name; undefined where the record does not say it. */
  readonly table: string | undefined;
  readonly operation: "I" | "U" | "D";
  /** When it happened, microseconds since 1970: whole seconds where it comes from DynamoDB Streams. */
  readonly micros: number;
  /** What orders changes of one time, and tells them apart: the stream's own number, else what the record says. 40 characters. */
  readonly position: string;
  readonly origin: "kinesis" | "streams";
  readonly images: Images;
  /** Everything but the images as members of a JSON object, as they came. */
  readonly meta: string;
}

/** Bytes that are no change of a table; the message says why. */
export class NoRecord extends Error {}

/** What another service writes into the same place. Taken for unreadable records one by one, it would only hide what is wrong. */
export class ForeignRecord extends NoRecord {
  readonly advice: string;

  constructor(what: string, advice: string) {
    super(what);
    this.advice = advice;
  }
}

/** What is in an envelope, by name. */
interface Members {
  readonly all: ReadonlyMap<string, Place>;
  /** Undefined also for an explicit null, which says as much as nothing. */
  readonly get: (name: string) => Place | undefined;
}

const IMAGES = new Set(["Keys", "NewImage", "OldImage"]);

/**
 * Reads the JSON object that starts at `start` and is whole. Its images stay bytes: whether they are values of DynamoDB is for the scanner
 * to say. Fails with `NoRecord`, of which `ForeignRecord` is the kind that is no single mistake.
 */
export function readEnvelope(bytes: Uint8Array, start: number): Envelope {
  try {
    return envelopeOf(bytes, start);
  } catch (error) {
    if (!(error instanceof JsonFormError) && !(error instanceof SyntaxError)) throw error;
    throw new NoRecord(`the record is no JSON: ${error.message}`);
  }
}

function envelopeOf(bytes: Uint8Array, start: number): Envelope {
  const outer = membersOf(bytes, start);
  refuseForeign(outer);
  const change = outer.get("dynamodb");
  if (change === undefined) throw new NoRecord("the record has no member dynamodb");
  const inner = membersOf(bytes, change[0]);
  const operation = operationOf(textOf(bytes, outer.get("eventName")));
  const identity = rawOf(bytes, outer.get("userIdentity"));
  const isTtl = identity !== undefined && isByTtl(identity);
  const images = imagesOf(inner);
  const isBare = operation !== "D" && images.newImage === undefined;
  const meta = (isBare ? NO_IMAGE : "") + metaOf(bytes, { outer, inner, isTtl });
  return { ...placeOf(bytes, { outer, inner, operation, images, isTtl }), operation, images, meta };
}

function membersOf(bytes: Uint8Array, start: number): Members {
  const all = new Map<string, Place>();
  for (const [name, place] of membersAt(bytes, start)) {
    if (all.has(name)) throw new NoRecord(`the record has two members ${JSON.stringify(name)}`);
    all.set(name, place);
  }
  const get = (name: string): Place | undefined => {
    const place = all.get(name);
    return place === undefined || isNull(bytes, place) ? undefined : place;
  };
  return { all, get };
}

function isNull(bytes: Uint8Array, [start, end]: Place): boolean {
  return end - start === 4 && bytes[start] === 0x6e;
}

function refuseForeign(outer: Members): void {
  if (outer.all.has("dynamodb")) return;
  if (outer.all.has("logEvents")) {
    throw new ForeignRecord("CloudWatch Logs", "Name the place of the table's own delivery stream.");
  }
  if (outer.all.has("rawData") && outer.all.has("errorCode")) {
    const advice = "Name their prefix as `errors` of `firehose`, and deliver them again.";
    throw new ForeignRecord("records that Firehose could not process", advice);
  }
}

function operationOf(name: string | undefined): "I" | "U" | "D" {
  const operation = OPERATIONS[name ?? ""];
  if (operation === undefined) throw new NoRecord("eventName is not INSERT, MODIFY or REMOVE");
  return operation;
}

function imagesOf(inner: Members): Images {
  const [keys, newImage, oldImage] = ["Keys", "NewImage", "OldImage"].map((name) => inner.get(name));
  if (keys === undefined) throw new NoRecord("the record has no Keys");
  return {
    keys,
    ...(newImage === undefined ? {} : { newImage }),
    ...(oldImage === undefined ? {} : { oldImage }),
  };
}

interface Found {
  readonly outer: Members;
  readonly inner: Members;
  readonly operation: "I" | "U" | "D";
  readonly images: Images;
  readonly isTtl: boolean;
}

function placeOf(
  bytes: Uint8Array,
  { outer, inner, operation, images, isTtl }: Found,
): Pick<Envelope, "table" | "micros" | "position" | "origin"> {
  const created = rawOf(bytes, inner.get("ApproximateCreationDateTime")) ?? "";
  const micros = eventMicros(created, textOf(bytes, inner.get("ApproximateCreationDateTimePrecision")));
  if (micros === undefined) throw new NoRecord("ApproximateCreationDateTime is no time");
  const sequence = textOf(bytes, inner.get("SequenceNumber"));
  const arn = /^arn:[^/]*:table\/([^/]+)\//.exec(textOf(bytes, outer.get("eventSourceARN")) ?? "");
  const table = textOf(bytes, outer.get("tableName")) ?? arn?.[1];
  if (sequence === undefined) {
    const position = contentPosition(bytes, images, `${operation}${isTtl ? "T" : ""}`);
    return { table, micros, position, origin: "kinesis" };
  }
  if (!/^\d{1,40}$/.test(sequence)) throw new NoRecord("SequenceNumber is no number of a stream");
  const position = sequence.padStart(SEQUENCE_DIGITS, "0");
  return { table, micros: micros - (micros % 1_000_000), position, origin: "streams" };
}

function metaOf(
  bytes: Uint8Array,
  { outer, inner, isTtl }: { readonly outer: Members; readonly inner: Members; readonly isTtl: boolean },
): string {
  const around = objectOf(bytes, [...outer.all].filter(([name]) => name !== "dynamodb")); // prettier-ignore
  const change = objectOf(bytes, [...inner.all].filter(([name]) => !IMAGES.has(name))); // prettier-ignore
  const meta = `"envelope":${around},"change":${change}${isTtl ? ',"ttl":true' : ""}`;
  // The places were found by their brackets: only a parser knows whether it is JSON in between.
  JSON.parse(`{${meta}}`);
  return meta;
}

function objectOf(bytes: Uint8Array, members: readonly (readonly [string, Place])[]): string {
  return `{${members.map(([name, place]) => `"${name}":${rawOf(bytes, place)}`).join(",")}}`;
}

function rawOf(bytes: Uint8Array, place: Place | undefined): string | undefined {
  if (place === undefined) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset + place[0], place[1] - place[0]).toString("utf8");
}

function textOf(bytes: Uint8Array, place: Place | undefined): string | undefined {
  if (place === undefined) return undefined;
  const text: unknown = plainText(bytes, place);
  return typeof text === "string" ? text : undefined;
}
