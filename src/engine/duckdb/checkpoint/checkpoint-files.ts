import type { CheckpointFiles } from "../../../delta/index.ts";
import type { EngineParts } from "../engine-parts.ts";
import { readCheckpointFile } from "./read-checkpoint-file.ts";
import { writeCheckpointFile } from "./write-checkpoint-file.ts";

/** Checkpoints in Parquet, as the protocol has them. */
export function checkpointFiles(parts: EngineParts): CheckpointFiles {
  return {
    read: (store, path) => readCheckpointFile(parts, store, path),
    write: async (store, path, rows, form) => await writeCheckpointFile(parts, { store, path, rows, form }),
  };
}
