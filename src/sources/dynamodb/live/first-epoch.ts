import type { ChannelState } from "../../source.ts";
import { changesOf, epochBeside, type Memories } from "./beside.ts";
import { decodeScan } from "./scan-state.ts";

export const UNKNOWN_SINCE_SCAN = "nobody knows what happened since the scan; a new scan fills the gap";

/**
 * Changes that go on, without a gap, in the newest epoch that there is: one that others have begun meanwhile – a scan that was repeated while these were
 * not read, another channel of changes that broke – would stand above whatever comes. What they brought until now stays in the epoch of before:
 * `moved` makes of it that a snapshot in the new one must be younger.
 */
export async function inNewestEpoch<T extends { readonly epoch: number }>(
  state: T,
  known: KnownEpochs,
  moved: (state: T) => T,
): Promise<T> {
  const newest = await newestOf(known);
  return newest > state.epoch ? { ...moved(state), epoch: newest } : state;
}

/** The epoch of changes that do not follow on those of before: above everything that is in. */
export async function epochAbove({ epoch }: { readonly epoch: number }, known: KnownEpochs): Promise<number> {
  return 1 + Math.max(epoch, await newestOf(known));
}

/** What tells of the epochs of a table's channels, those among them that the source has no longer. */
type KnownEpochs = { readonly [member in "beside" | "newestEpoch"]?: ChannelState[member] | undefined };

async function newestOf({ beside, newestEpoch }: KnownEpochs): Promise<number> {
  return Math.max(epochBeside(beside), (await newestEpoch?.()) ?? 0);
}

export interface Beginning {
  readonly epoch: number;
  /** Whether a new scan must fill what lies between the last one and these changes. */
  readonly isBehindScan: boolean;
}

/**
 * The epoch of changes of which nothing was read before. Nothing that is in may be of a newer one, or it would stand above them. They belong to
 * whatever snapshot there is, unless they begin behind a scan: what happened since then is known only where others are read that reach back to it.
 */
export function firstEpoch(
  beside: Memories,
  {
    fromMs,
    others = [],
    hasScan = false,
    newest = 0,
  }: {
    /** From when on a scan would reach into them, ms. */
    readonly fromMs: number;
    /** The other channels that bring every change. */
    readonly others?: readonly string[];
    readonly hasScan?: boolean;
    /** Of any batch that is in. */
    readonly newest?: number | undefined;
  },
): Beginning {
  const epoch = Math.max(epochBeside(beside), newest);
  const scan = hasScan ? decodeScan(beside?.get("scan")) : undefined;
  if (scan === undefined || scan.epoch < epoch) return { epoch, isBehindScan: false };
  const scannedMs = Date.parse(scan.time);
  const isFollowed = others.some((name) => {
    const other = changesOf(name, beside?.get(name));
    return other.epoch === scan.epoch && other.fromMs !== undefined && other.fromMs <= scannedMs;
  });
  const isBehindScan = fromMs > scannedMs && !isFollowed;
  return { epoch: isBehindScan ? scan.epoch + 1 : epoch, isBehindScan };
}
