import type { ImageFilter } from "../live/filtered-image.ts";
import type { Place } from "../live/json-items.ts";

/** `_op` by what DynamoDB calls a change. */
export const OPERATIONS: Readonly<Record<string, "I" | "U" | "D" | undefined>> = {
  INSERT: "I",
  MODIFY: "U",
  REMOVE: "D",
};

/** A sequence number has up to forty digits (AWS, "StreamRecord"). */
export const SEQUENCE_DIGITS = 40;

export interface Images {
  readonly keys?: Place;
  readonly newImage?: Place;
  readonly oldImage?: Place;
}

/** What a line says beside the images: texts that need no escapes, and members of `_source_meta` as JSON. */
export interface ChangeFrame {
  readonly operation: "I" | "U" | "D";
  readonly sequence: string;
  /** `_event_id` without the key. */
  readonly event: string;
  readonly meta: string;
  /** `_source_ts`, microseconds. */
  readonly micros: number | bigint;
}

/** The line that the scanner reads of a change (`StreamFrame`), in parts: its images are the bytes as they came, what a filter leaves out aside. */
export function changeLine(
  bytes: Uint8Array,
  images: Images,
  frame: ChangeFrame,
  filter?: ImageFilter,
): readonly Uint8Array[] {
  const { operation, sequence, event, meta, micros } = frame;
  const head =
    `{"Stream":{"op":"${operation}","sequence":"${sequence}","event":"${event}","meta":{${meta}}},` +
    `"Metadata":{"WriteTimestampMicros":{"N":"${micros}"}}`;
  const parts: Uint8Array[] = [Buffer.from(head, "utf8")];
  const add = (label: Uint8Array, at: Place | undefined): void => {
    if (at !== undefined) parts.push(label, ...(filter?.image(bytes, at) ?? [bytes.subarray(at[0], at[1])]));
  };
  add(KEYS, images.keys);
  // What a delete leaves is nothing, whatever the view.
  if (operation !== "D") add(NEW_IMAGE, images.newImage);
  add(OLD_IMAGE, images.oldImage);
  parts.push(TAIL);
  return parts;
}

const KEYS = Buffer.from(',"Keys":');
const NEW_IMAGE = Buffer.from(',"NewImage":');
const OLD_IMAGE = Buffer.from(',"OldImage":');
const TAIL = Buffer.from("}");

const TTL_PRINCIPAL = "dynamodb.amazonaws.com";

/** Whether who made a change is the removal of expired items (AWS, "DynamoDB Streams and Time to Live"). `identity` is JSON. */
export function isByTtl(identity: string): boolean {
  const said = JSON.parse(identity) as { readonly principalId?: string; readonly PrincipalId?: string } | null;
  return (said?.principalId ?? said?.PrincipalId) === TTL_PRINCIPAL;
}
