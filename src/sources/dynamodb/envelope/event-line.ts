import { RANK, encodeSequence } from "../../../contract/index.ts";
import { changeLine } from "./change-line.ts";
import type { Envelope } from "./read-envelope.ts";

/** The line that the scanner reads of a change that was delivered, perhaps not for the first time. */
export function eventLine(
  bytes: Uint8Array,
  { images, operation, micros, position, origin, meta }: Envelope,
  epoch: number,
): readonly Uint8Array[] {
  const sequence = encodeSequence({ epoch, timeMicros: BigInt(micros), rank: RANK.stream, position });
  // Begins with the time, so that statistics of files tell in which of them the same event can be.
  const event = `${origin}/${epoch}/${String(micros).padStart(16, "0")}/${position}/`;
  return changeLine(bytes, images, { operation, sequence, event, meta, micros });
}
