import type { UnreadableLine } from "../../source.ts";

/** Raw bytes that an unreadable record carries. */
const RAW_MAX = 1_048_576;

interface Unreadable {
  readonly number: number;
  readonly offset: number;
  readonly raw: Uint8Array;
  readonly reason: string;
}

export function unreadableRecord(file: string, { number, offset, raw, reason }: Unreadable): UnreadableLine {
  const kept = raw.subarray(0, RAW_MAX);
  return {
    file,
    line: number,
    byteOffset: offset,
    reason,
    raw: Buffer.from(kept.buffer, kept.byteOffset, kept.length).toString("base64"),
    sizeBytes: raw.length,
  };
}
