import type { AddFile, PartitionValues } from "../actions.ts";
import { isObject } from "../log/action-members.ts";
import { textAt } from "../log/action-columns.ts";
import type { FileBatch } from "../log/file-columns.ts";
import { LiveFiles } from "../log/live-files.ts";
import { areEqual, hashOf, type BytesAt } from "../log/path-bytes.ts";
import type { TextColumn } from "../needs.ts";
import { parseJson } from "../../base/index.ts";
import { fileMayMatch, type ColumnRange } from "./file-may-match.ts";
import { parseStats, type FileStats } from "./parse-stats.ts";
import { scanStats, scannedColumn, type ScannedColumn } from "./scan-stats.ts";

export interface WantedFiles {
  /** Rows that are wanted: a file that cannot hold one is left out (`fileMayMatch`). */
  readonly ranges?: readonly ColumnRange[];
  /** Partitions that are wanted. */
  readonly covers?: ((values: PartitionValues) => boolean) | undefined;
  /** A file's statistics, from where they may be known already. */
  readonly statsOf?: (file: AddFile) => FileStats | undefined;
}

/**
 * The files among a version's that may hold rows which are wanted. Partitions are judged first, each once; statistics only of the
 * files that are left, and only those of the columns in question. Of a large table no other file becomes an object.
 */
export function filesMatching(files: ReadonlyMap<string, AddFile>, wanted: WantedFiles): readonly AddFile[] {
  const { ranges = [], covers, statsOf = statsOfFile } = wanted;
  if (ranges.length === 0 && covers === undefined) return [...files.values()];
  const isWanted = (file: AddFile): boolean =>
    (covers?.(file.partitionValues) ?? true) &&
    (ranges.length === 0 || fileMayMatch({ stats: statsOf(file), partitionValues: file.partitionValues }, ranges));
  const columns = files instanceof LiveFiles ? files.columns : undefined;
  if (!(files instanceof LiveFiles) || columns === undefined) return [...files.values()].filter(isWanted);
  const found: AddFile[] = [];
  const judge = new RowJudge(ranges, covers);
  for (const batch of columns.batches) {
    for (let row = 0; row < batch.columns.rows; row += 1) {
      if (judge.mayMatch(batch, row) && files.isListed(batch.first + row)) found.push(columns.at(batch.first + row));
    }
  }
  for (const file of files.changed()) if (isWanted(file)) found.push(file);
  return found;
}

/** What the ranges leave to be judged by statistics in one partition; undefined: none of its files is wanted. */
type PartitionVerdict = readonly ColumnRange[] | undefined;

class RowJudge {
  readonly #ranges: readonly ColumnRange[];
  readonly #covers: WantedFiles["covers"];
  readonly #scanned: readonly ScannedColumn[];
  /** By the partition's text in the log, and by a hash of that: most rows have the partition of rows before them. */
  readonly #partitions = new Map<string, PartitionVerdict>();
  readonly #hashed = new Map<
    number,
    { readonly text: BytesAt; readonly length: number; readonly verdict: PartitionVerdict }
  >();

  constructor(ranges: readonly ColumnRange[], covers: WantedFiles["covers"]) {
    this.#ranges = ranges;
    this.#covers = covers;
    const names = new Set(ranges.flatMap(({ path }) => (path.length === 1 ? path : [])));
    this.#scanned = [...names].map(scannedColumn);
  }

  mayMatch({ columns }: FileBatch, row: number): boolean {
    const left = this.#verdict(columns.partitionValues, row);
    if (left === undefined) return false;
    return left.length === 0 || fileMayMatch({ stats: this.#statsOf(columns, row, left), partitionValues: {} }, left);
  }

  #verdict(column: TextColumn, row: number): PartitionVerdict {
    const length = column.lengths[row] ?? -1;
    if (length < 0) return this.#partition("{}");
    const text = { bytes: column.bytes, start: column.starts[row] ?? 0 };
    const hash = hashOf(text.bytes, text.start, text.start + length);
    const known = this.#hashed.get(hash);
    if (known !== undefined && known.length === length && areEqual(known.text, text, length)) return known.verdict;
    const verdict = this.#partition(textAt(column, row) ?? "{}");
    this.#hashed.set(hash, { text, length, verdict });
    return verdict;
  }

  #partition(text: string): PartitionVerdict {
    if (this.#partitions.has(text)) return this.#partitions.get(text);
    const json = parseJson(text);
    const partitionValues = (isObject(json) ? json : {}) as PartitionValues;
    const isOfPartition = ({ path }: ColumnRange): boolean =>
      path.length === 1 && Object.hasOwn(partitionValues, path[0] ?? "");
    const judged = this.#ranges.filter(isOfPartition);
    const isWanted =
      (this.#covers?.(partitionValues) ?? true) && fileMayMatch({ stats: undefined, partitionValues }, judged);
    const verdict = isWanted ? this.#ranges.filter((range) => !isOfPartition(range)) : undefined;
    this.#partitions.set(text, verdict);
    return verdict;
  }

  #statsOf({ stats }: FileBatch["columns"], row: number, ranges: readonly ColumnRange[]): FileStats | undefined {
    const start = stats.starts[row] ?? 0;
    const length = stats.lengths[row] ?? -1;
    if (length < 0) return undefined;
    const isFlat = ranges.every(({ path }) => path.length === 1);
    const scanned = isFlat ? scanStats(stats.bytes, { start, end: start + length }, this.#scanned) : undefined;
    return scanned ?? parseStats(textAt(stats, row));
  }
}

function statsOfFile(file: AddFile): FileStats | undefined {
  return parseStats(file.stats);
}
