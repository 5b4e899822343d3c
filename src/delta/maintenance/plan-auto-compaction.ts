import type { AddFile } from "../actions.ts";
import { positiveProperty } from "../log/table-properties.ts";
import type { Snapshot } from "../snapshot.ts";
import { isClustered } from "./clustering.ts";
import { byAge, byPartition, groupOf, shareOfDeleted, type RewriteGroup } from "./rewrite-group.ts";

/** When a small commit is followed by a rewrite, and how much it may rewrite. */
export interface AutoCompactionLimits {
  /** Small files of a partition that are put together at once; fewer are left alone. */
  readonly minFiles: number;
  /** Bytes written in one round. */
  readonly maxBytes: number;
  /** Size to aim at; the table's `delta.targetFileSize` in bytes, else 128 MiB. Files below half of it are small. */
  readonly targetBytes?: number;
}

const TARGET_BYTES = 128 * 2 ** 20;
/** A file is written anew for its deleted rows when these were so many: each of them then costs less than three others. */
const DELETED_SHARE_MIN = 0.3;
/** Reading past fewer deleted bytes than this costs less than a commit. */
const DELETED_BYTES_MIN = 2 ** 20;
/** A group costs a query and a file; a table of many partitions gets its turn in several rounds. */
const GROUPS_MAX = 50;

interface SizedFile {
  readonly file: AddFile;
  readonly liveBytes: number;
}

interface Candidate {
  readonly group: RewriteGroup;
  readonly liveBytes: number;
}

/**
 * What is rewritten after a commit. Small files of a partition become one when there are `minFiles` of them, none larger than the
 * others together: every rewriting then at least doubles the file that a row is in, so that a table to which n files of like
 * size are appended writes each row at most log2(n) times anew, and is left with fewer than `minFiles` + log2(n) files a
 * partition. Clustered files are left to OPTIMIZE. A file that has lost a good part of its rows is written without them. The groups that rid the table of most files
 * go first; what exceeds `maxBytes` waits for the next round.
 */
export function planAutoCompaction(snapshot: Snapshot, limits: AutoCompactionLimits): readonly RewriteGroup[] {
  const targetBytes =
    limits.targetBytes ?? positiveProperty(snapshot.metadata.configuration, "delta.targetFileSize") ?? TARGET_BYTES;
  const candidates: Candidate[] = [];
  for (const files of byPartition(snapshot)) {
    const sized = files.map((file) => ({ file, liveBytes: file.sizeBytes * (1 - shareOfDeleted(file)) }));
    const run = gatherSmall(sized, { targetBytes, minFiles: limits.minFiles });
    if (run.length > 0) candidates.push(candidateOf(run));
    for (const one of sized) if (isWorn(one) && !run.includes(one)) candidates.push(candidateOf([one]));
  }
  return withinBounds(candidates, limits.maxBytes);
}

/** The longest run of the smallest files of which none is larger than the others of the run together. */
function gatherSmall(
  files: readonly SizedFile[],
  { targetBytes, minFiles }: { readonly targetBytes: number; readonly minFiles: number },
): readonly SizedFile[] {
  const small = files.filter(({ file, liveBytes }) => liveBytes < targetBytes / 2 && !isClustered(file));
  if (small.length < minFiles) return [];
  const bySize = small.toSorted((left, right) => left.liveBytes - right.liveBytes || byAge(left.file, right.file));
  let length = 0;
  let sumBytes = 0;
  for (const [index, { liveBytes }] of bySize.entries()) {
    if (index > 0 && liveBytes <= sumBytes) length = index + 1;
    sumBytes += liveBytes;
    if (sumBytes > targetBytes) break;
  }
  return length < minFiles ? [] : bySize.slice(0, length);
}

function isWorn({ file, liveBytes }: SizedFile): boolean {
  if (isClustered(file)) return false;
  const deletedBytes = file.sizeBytes - liveBytes;
  return deletedBytes >= DELETED_BYTES_MIN && deletedBytes >= DELETED_SHARE_MIN * file.sizeBytes;
}

function candidateOf(files: readonly SizedFile[]): Candidate {
  return {
    group: groupOf(files.map(({ file }) => file).toSorted(byAge)),
    liveBytes: files.reduce((sum, { liveBytes }) => sum + liveBytes, 0),
  };
}

function withinBounds(candidates: readonly Candidate[], maxBytes: number): readonly RewriteGroup[] {
  const chosen: RewriteGroup[] = [];
  let sumBytes = 0;
  for (const { group, liveBytes } of candidates.toSorted((a, b) => b.group.files.length - a.group.files.length)) {
    if (chosen.length === GROUPS_MAX) break;
    if (sumBytes + liveBytes > maxBytes) continue;
    chosen.push(group);
    sumBytes += liveBytes;
  }
  return chosen;
}
