import { assert } from "../base/index.ts";
import type { ByteRange } from "./object-store.ts";

/** The part of an object of this size that a range means, cut to what exists: `start <= end <= sizeBytes`. */
export function resolveRange(range: ByteRange | undefined, sizeBytes: number): { start: number; end: number } {
  const { start: wanted, end: wantedEnd = sizeBytes } = range ?? { start: 0 };
  assert(Number.isSafeInteger(wanted) && Number.isSafeInteger(wantedEnd), "a byte range is made of whole numbers");
  const start = Math.min(wanted < 0 ? Math.max(0, sizeBytes + wanted) : wanted, sizeBytes);
  return { start, end: Math.max(start, Math.min(wantedEnd, sizeBytes)) };
}
