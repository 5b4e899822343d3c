import type { RecordOptions } from "../options.ts";

/** Files that Amazon Data Firehose delivered. */
export interface DeliveryOptions extends RecordOptions {
  /** The prefix of what Firehose could not process, below the place; by its usual names unless told. */
  readonly errors?: string;
  /** How much older than the newest file one that is delivered may be to be found at once; others are found within a day. Two days unless told. */
  readonly latenessMs?: number;
  /** The user's word that columns of Parquet files have every attribute, by its exact name; they do not show it. */
  readonly exactAttributes?: boolean;
  /** Whether a scan, or exports that are asked for, may bring what another filter left out. */
  readonly canFill?: boolean;
  readonly hasScan?: boolean;
  /** The other channels that bring every change. */
  readonly others?: readonly string[];
  /** Uncompressed bytes that a batch takes in, as estimated. 256 MiB unless told. */
  readonly batchBytes?: number;
}

/** Firehose tries for a day to deliver; days in prefixes are those of any time zone (Developer Guide, "Data delivery"). */
export const LATENESS_MS = 2 * 86_400_000;
