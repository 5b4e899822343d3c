import type { AddFile } from "../actions.ts";

/** Sums over the live files, kept up to date file by file for the checksum file. */
export interface Totals {
  readonly files: number;
  readonly sizeBytes: number;
  readonly deletionVectors: number;
  readonly deletedRecords: number;
  /** Files and bytes by size, one entry a bin of `HISTOGRAM_BOUNDARIES`. */
  readonly histogramFiles: readonly number[];
  readonly histogramBytes: readonly number[];
}

const KB = 1024;
const MB = 1024 * KB;
const GB = 1024 * MB;

/** Lower bounds of the bins, the ones that Spark writes: fine where files usually are, doubling outside. */
export const HISTOGRAM_BOUNDARIES: readonly number[] = [
  0,
  ...doubling(8 * KB, 4 * MB),
  ...steps(8 * MB, 40 * MB, 4 * MB),
  ...steps(48 * MB, 120 * MB, 8 * MB),
  ...steps(124 * MB, 144 * MB, 4 * MB),
  ...steps(160 * MB, 576 * MB, 16 * MB),
  ...steps(640 * MB, 1408 * MB, 64 * MB),
  ...steps(1536 * MB, 2048 * MB, 128 * MB),
  ...steps(2304 * MB, 4096 * MB, 256 * MB),
  ...doubling(8 * GB, 256 * GB),
];

export class RunningTotals {
  #files: number;
  #sizeBytes: number;
  #deletionVectors: number;
  #deletedRecords: number;
  readonly #histogramFiles: number[];
  readonly #histogramBytes: number[];

  constructor(from?: Totals) {
    this.#files = from?.files ?? 0;
    this.#sizeBytes = from?.sizeBytes ?? 0;
    this.#deletionVectors = from?.deletionVectors ?? 0;
    this.#deletedRecords = from?.deletedRecords ?? 0;
    this.#histogramFiles = [...(from?.histogramFiles ?? HISTOGRAM_BOUNDARIES.map(() => 0))];
    this.#histogramBytes = [...(from?.histogramBytes ?? HISTOGRAM_BOUNDARIES.map(() => 0))];
  }

  get files(): number {
    return this.#files;
  }

  add(file: AddFile): void {
    this.#count(file.sizeBytes, file.deletionVector?.cardinality, 1);
  }

  /** A file of which only this is known: its size and, where it has a deletion vector, the rows that are in it. */
  addSized(sizeBytes: number, deletedRows: number | undefined): void {
    this.#count(sizeBytes, deletedRows, 1);
  }

  remove(file: AddFile): void {
    this.#count(file.sizeBytes, file.deletionVector?.cardinality, -1);
  }

  totals(): Totals {
    return {
      files: this.#files,
      sizeBytes: this.#sizeBytes,
      deletionVectors: this.#deletionVectors,
      deletedRecords: this.#deletedRecords,
      histogramFiles: [...this.#histogramFiles],
      histogramBytes: [...this.#histogramBytes],
    };
  }

  #count(sizeBytes: number, deletedRows: number | undefined, sign: 1 | -1): void {
    this.#files += sign;
    this.#sizeBytes += sign * sizeBytes;
    if (deletedRows !== undefined) {
      this.#deletionVectors += sign;
      this.#deletedRecords += sign * deletedRows;
    }
    const bin = binOf(sizeBytes);
    this.#histogramFiles[bin] = (this.#histogramFiles[bin] ?? 0) + sign;
    this.#histogramBytes[bin] = (this.#histogramBytes[bin] ?? 0) + sign * sizeBytes;
  }
}

/** The last bin whose lower bound is not above the size. */
function binOf(sizeBytes: number): number {
  let low = 0;
  let high = HISTOGRAM_BOUNDARIES.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((HISTOGRAM_BOUNDARIES[middle] ?? 0) <= sizeBytes) low = middle;
    else high = middle - 1;
  }
  return low;
}

function doubling(first: number, last: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value *= 2) values.push(value);
  return values;
}

function steps(first: number, last: number, step: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}
