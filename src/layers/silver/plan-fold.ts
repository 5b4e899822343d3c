import { must } from "../../base/index.ts";
import type { AddFile } from "../../delta/index.ts";
import type { OpenTable } from "../../engine/index.ts";

/** Consecutive Bronze versions that one Silver commit folds in. */
export interface FoldChunk {
  readonly from: number;
  readonly to: number;
  /** The Bronze version folded before (-1 for none). */
  readonly after: number;
  readonly files: readonly AddFile[];
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
 * (`dataChange` false) have been folded already under another name.
 */
export async function planFold(bronze: OpenTable, silver: OpenTable, chunkBytes = CHUNK_BYTES): Promise<FoldPlan> {
  const source = must(bronze.snapshot, `${bronze.name} exists before ${silver.name} is folded`);
  const appId = foldAppId(source.metadata.id);
  const folded = silver.snapshot?.txns.get(appId)?.version ?? -1;
  const chunks: FoldChunk[] = [];
  if (folded >= source.version) return { appId, chunks };
  let files: AddFile[] = [];
  let sizeBytes = 0;
  let after = folded;
  for await (const commit of bronze.log.changes(folded + 1, source.version)) {
    const added = commit.adds.filter((add) => add.dataChange);
    const addedBytes = added.reduce((sum, add) => sum + add.sizeBytes, 0);
    if (files.length > 0 && sizeBytes + addedBytes > chunkBytes) {
      chunks.push({ from: after + 1, to: commit.version - 1, after, files });
      after = commit.version - 1;
      files = [];
      sizeBytes = 0;
    }
    files.push(...added);
    sizeBytes += addedBytes;
  }
  chunks.push({ from: after + 1, to: source.version, after, files });
  return { appId, chunks };
}
