import { isFailure, must } from "../../base/index.ts";
import { isOnlyRearranged, type AddFile, type Snapshot } from "../../delta/index.ts";
import type { OpenTable } from "../../engine/index.ts";

/** Consecutive Bronze versions that one Silver commit folds in. */
export interface FoldChunk {
  readonly from: number;
  readonly to: number;
  /** The Bronze version folded before (-1 for none). */
  readonly after: number;
  readonly files: readonly AddFile[];
  /** Only a part of what there is up to `to`, which is folded with the last such chunk. */
  readonly isPart?: boolean;
}

export interface FoldPlan {
  readonly appId: string;
  readonly chunks: readonly FoldChunk[];
}

/** Parquet bytes of one chunk: some ten times that is worked on at a time, which stays within a small memory limit. */
const CHUNK_BYTES = 96 * 1024 * 1024;

/** `txn` appId under which a Silver table records the newest Bronze version that it has folded in. */
export function foldAppId(bronzeTableId: string): string {
  return `${bronzeTableId}/fold`;
}

/**
 * The Bronze versions that a Silver table has not folded in, in chunks of bounded size. Files that only rearrange rows
 * (`dataChange` false) have been folded already under another name. Where old versions are no longer what they were – a new table
 * that finds rows moved to other files, a restored one whose next versions were cleaned up – it takes all that is live: a fold
 * depends neither on the order of events nor on how often it sees them.
 */
export async function planFold(bronze: OpenTable, silver: OpenTable, chunkBytes = CHUNK_BYTES): Promise<FoldPlan> {
  const source = must(bronze.snapshot, `${bronze.name} exists before ${silver.name} is folded`);
  const appId = foldAppId(source.metadata.id);
  const folded = silver.snapshot?.txns.get(appId)?.version ?? -1;
  if (folded >= source.version) return { appId, chunks: [] };
  if (await isOnlyRearranged(bronze.log, folded, source.version)) return { appId, chunks: [] };
  const commits = await newFiles(bronze, folded, source);
  if (commits === undefined) return { appId, chunks: liveChunks(source, folded, chunkBytes) };
  return { appId, chunks: commitChunks(commits, { folded, to: source.version, chunkBytes }) };
}

interface NewFiles {
  readonly version: number;
  readonly files: readonly AddFile[];
}

/** What each version since has added; undefined where a version or a file of it is gone. */
async function newFiles(bronze: OpenTable, folded: number, source: Snapshot): Promise<readonly NewFiles[] | undefined> {
  const commits: NewFiles[] = [];
  try {
    for await (const { version, adds } of bronze.log.changes(folded + 1, source.version)) {
      const files = adds.filter((add) => add.dataChange);
      for (const { path } of files) {
        // Its rows are in another file by now; who has folded nothing need not look for it.
        if (source.files.has(path)) continue;
        if (folded < 0 || (await bronze.store.stat(path)) === undefined) return undefined;
      }
      commits.push({ version, files });
    }
    return commits;
  } catch (error) {
    if (isFailure(error, "table.version-missing")) return undefined;
    throw error;
  }
}

function commitChunks(
  commits: readonly NewFiles[],
  { folded, to, chunkBytes }: { folded: number; to: number; chunkBytes: number },
): FoldChunk[] {
  const chunks: FoldChunk[] = [];
  let files: AddFile[] = [];
  let sizeBytes = 0;
  let after = folded;
  for (const { version, files: added } of commits) {
    const addedBytes = added.reduce((sum, add) => sum + add.sizeBytes, 0);
    if (files.length > 0 && sizeBytes + addedBytes > chunkBytes) {
      chunks.push({ from: after + 1, to: version - 1, after, files });
      after = version - 1;
      files = [];
      sizeBytes = 0;
    }
    files.push(...added);
    sizeBytes += addedBytes;
  }
  chunks.push({ from: after + 1, to, after, files });
  return chunks;
}

function liveChunks(source: Snapshot, folded: number, chunkBytes: number): FoldChunk[] {
  const groups: AddFile[][] = [[]];
  let sizeBytes = 0;
  for (const file of source.files.values()) {
    if (sizeBytes > 0 && sizeBytes + file.sizeBytes > chunkBytes) {
      groups.push([]);
      sizeBytes = 0;
    }
    groups.at(-1)?.push(file);
    sizeBytes += file.sizeBytes;
  }
  return groups.map((files, index) => ({
    from: 0,
    to: source.version,
    after: folded,
    files,
    ...(index < groups.length - 1 ? { isPart: true } : {}),
  }));
}
