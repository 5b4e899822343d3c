/**
 * What an event of the stream that has no new image of its own says of it, in `_source_meta`. Its attributes are those of the key alone, so
 * it never takes part in a Silver row, unless its image was fetched.
 */
export type MissingImage =
  /** The stream has no new images, and nobody asked for the items. */
  | "none"
  /** A later event of the batch has the image: the item is read once for all changes of its key. */
  | "later"
  /** The item was not there any more when it was read; its delete comes as an event of its own. */
  | "gone"
  /** The item is what Sluice itself published: it is not taken in again. */
  | "own";

/** A line of a stream begins its members of `_source_meta` with this where it has no image. */
const MARK = '"meta":{"image":"none"';
const MARK_BYTES = Buffer.from(MARK);

/** The member of `_source_meta` with which an event without an image is written first. */
export const NO_IMAGE = '"image":"none",';

export function lacksImage(line: Buffer): boolean {
  return markAt(line) >= 0;
}

/** The line with the reason why it has no image. */
export function withoutImage(line: Buffer, why: MissingImage): readonly Buffer[] {
  const at = markAt(line);
  return [line.subarray(0, at), Buffer.from(`"meta":{"image":"${why}"`), line.subarray(at + MARK.length)];
}

/** An item whose event has no image of its own. */
export interface FetchedItem {
  /** Its attributes, spelt as they came; the pieces make one JSON object. */
  readonly image: readonly Uint8Array[];
  readonly readMs: number;
}

/** The line as that of an item which the lake's filter leaves out by now: for the lake it is gone. */
export function withoutItem(line: Buffer, readMs: number): readonly Uint8Array[] {
  const at = markAt(line);
  const left = line.subarray(OPERATION.length, OPERATION.length + 1).toString() === "I" ? "INSERT" : "MODIFY";
  const mark = `"meta":{"image":"fetched","fetchedAt":"${new Date(readMs).toISOString()}","left":"${left}"`;
  return [
    OPERATION,
    DELETE,
    line.subarray(OPERATION.length + 1, at),
    Buffer.from(mark),
    line.subarray(at + MARK.length),
  ];
}

/** How a line of a stream begins; the operation's letter follows. */
const OPERATION = Buffer.from('{"Stream":{"op":"');
const DELETE = Buffer.from("D");

/** The line with an item as its new image, and when it was read. */
export function withImage(line: Buffer, { image, readMs }: FetchedItem): readonly Uint8Array[] {
  const at = markAt(line);
  const mark = `"meta":{"image":"fetched","fetchedAt":"${new Date(readMs).toISOString()}"`;
  return [
    line.subarray(0, at),
    Buffer.from(mark),
    line.subarray(at + MARK.length, line.length - 1),
    NEW_IMAGE,
    ...image,
    TAIL,
  ];
}

const NEW_IMAGE = Buffer.from(',"NewImage":');
const TAIL = Buffer.from("}");

/** The frame of a line is ours and comes first: before its mark stand only texts without quotes. */
const FRAME_MAX = 2_048;

function markAt(line: Buffer): number {
  return line.subarray(0, FRAME_MAX).indexOf(MARK_BYTES);
}
