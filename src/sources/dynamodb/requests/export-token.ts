import { createHash } from "node:crypto";
import type { ExportContent, ExportPlace } from "./export-client.ts";

export interface TokenParts {
  readonly tableId: string;
  readonly place: ExportPlace;
  readonly kind: ExportContent["kind"];
  /** Where a window begins, or what a full export follows; ms, 0 for nothing. */
  readonly startMs: number;
  /** Of the stream beside: what was exported for an earlier one does not fill a gap. */
  readonly epoch: number;
  /** How often it failed before. */
  readonly failures: number;
}

/**
 * The client token of a request. It does not say where a window ends: whoever asks a second time, later and for a longer window, is
 * refused by DynamoDB instead of getting an export that overlaps the first one.
 */
export function exportToken({ tableId, place, kind, startMs, epoch, failures }: TokenParts): string {
  const text = JSON.stringify([tableId, place.bucket, place.prefix, kind, startMs, epoch, failures]);
  return `sluice-${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
