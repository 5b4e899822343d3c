import type { SluiceError, World } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import type { CheckpointFiles } from "../needs.ts";

/** What every step of reading and writing a table's log works with. */
export interface LogAccess {
  readonly store: ObjectStore;
  readonly world: World;
  readonly checkpoints: CheckpointFiles;
  /** Told of what went wrong without harm: a checkpoint that could not be written, a checksum file that is not valid. */
  readonly onWarning: (warning: SluiceError) => void;
}
