/** One input file of a batch: a delivery unit of the source. */
export interface BatchFile {
  /** Relative to the source's root, `/`-separated. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hex of the bytes as delivered. */
  readonly md5: string;
  /** When the store said that it was written, where the source tells by it whether the file is still the same. */
  readonly modifiedMs?: number;
  /** Records that the source says the file holds. */
  readonly records: number;
  /** Records of it that became Bronze rows. */
  readonly rows: number;
  /** Lines of it that are no record and went to quarantine. */
  readonly quarantined: number;
  /** When the oldest and the newest of its changes happened, by the source's clock, in ms since the epoch; absent where nobody knows. */
  readonly oldestMs?: number;
  readonly newestMs?: number;
}

/**
 * What one Bronze commit takes in: `<system root>/batches/<table>/<20 digits>.json`, written once before the commit.
 * `batch` is the commit's `txn` version; `before` is the channel's previous one (-1 for none).
 */
export interface BatchManifest {
  readonly format: 1;
  readonly batch: number;
  readonly table: string;
  readonly tableId: string;
  readonly channel: string;
  readonly before: number;
  readonly epoch: number;
  readonly run: string;
  readonly createdMs: number;
  /** What the channel covered before and after this batch, in the channel's own words (JSON). */
  readonly start: string;
  readonly end: string;
  readonly files: readonly BatchFile[];
  readonly rows: number;
  /** Batch numbers of this channel that this batch replaces: their manifest exists, their commit never will. */
  readonly skips: readonly number[];
}

export function batchManifestPath(table: string, batch: number): string {
  return `batches/${table}/${String(batch).padStart(20, "0")}.json`;
}
