import { RANK, encodeSequence } from "../../../contract/index.ts";
import type { ImageFilter } from "../live/filtered-image.ts";
import { isOwn } from "../live/own-writes.ts";
import { changeLine } from "./change-line.ts";
import type { Envelope } from "./read-envelope.ts";

/** Which changes are taken in. */
export interface EventReading {
  readonly table: string;
  readonly epoch: number;
  readonly filter?: ImageFilter | undefined;
}

/**
 * The line that the scanner reads of a change that was delivered, perhaps not for the first time. Undefined for a change of another table, of
 * an item that the filter leaves out, and for what Sluice itself published.
 */
export function eventLine(
  bytes: Uint8Array,
  { table: of, images, operation: done, micros, position, origin, meta }: Envelope,
  { table, epoch, filter }: EventReading,
): readonly Uint8Array[] | undefined {
  if (of !== undefined && of !== table) return undefined;
  // What an old image says of itself is known where nothing came after it.
  if ((done === "D" || images.newImage !== undefined) && isOwn(bytes, images)) return undefined;
  const seen = filter?.change(bytes, { ...images, isInsert: done === "I" }) ?? "keep";
  if (seen === "skip") return undefined;
  // Who sees the filtered table alone sees the item go.
  const operation = seen === "leaves" ? "D" : done;
  const sequence = encodeSequence({ epoch, timeMicros: BigInt(micros), rank: RANK.stream, position });
  // Begins with the time, so that statistics of files tell in which of them the same event can be.
  const event = `${origin}/${epoch}/${String(micros).padStart(16, "0")}/${position}/`;
  return changeLine(bytes, images, { operation, sequence, event, meta, micros }, filter);
}
