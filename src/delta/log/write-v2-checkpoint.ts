import type { JsonObject } from "../../base/index.ts";
import type { CheckpointHint } from "./checkpoint-hint.ts";
import { sidecarPath, v2CheckpointPath } from "./file-names.ts";
import type { LogAccess } from "./log-access.ts";

/** Files and removes of one sidecar: some ten megabytes, so that several are read at once and none is large. */
const SIDECAR_ACTIONS = 100_000;

export interface CheckpointParts {
  readonly version: number;
  /** All actions but those of files. */
  readonly head: Iterable<JsonObject>;
  /** Adds and removes. */
  readonly files: Iterable<JsonObject>;
}

type WrittenV2 = Pick<CheckpointHint, "size" | "sizeInBytes"> & Required<Pick<CheckpointHint, "v2Checkpoint">>;

/**
 * Writes a checkpoint of the second form (Delta PROTOCOL, "V2 Spec", "UUID-named checkpoint"): first the sidecars, then the file that
 * names them. Nobody knows of the sidecars before; whoever is interrupted leaves some that clean-ups of the log take.
 */
export async function writeV2Checkpoint(
  access: LogAccess,
  { version, head, files }: CheckpointParts,
  sidecarActions = SIDECAR_ACTIONS,
): Promise<WrittenV2> {
  const sidecars: JsonObject[] = [];
  let [size, sizeInBytes] = [0, 0];
  for (const actions of inParts(files, sidecarActions)) {
    const name = `${access.world.uuid()}.parquet`;
    const written = await access.checkpoints.write(access.store, sidecarPath(name), actions, "sidecar");
    const modificationTime = Math.floor(access.world.nowMs());
    sidecars.push({ sidecar: { path: name, sizeInBytes: written.sizeBytes, modificationTime } });
    size += written.rows;
    sizeInBytes += written.sizeBytes;
  }
  const path = v2CheckpointPath(version, access.world.uuid());
  const top = [...head, ...sidecars, { checkpointMetadata: { version } }];
  const written = await access.checkpoints.write(access.store, path, top, "v2");
  return {
    size: size + written.rows,
    sizeInBytes: sizeInBytes + written.sizeBytes,
    v2Checkpoint: {
      path: path.slice(path.lastIndexOf("/") + 1),
      sizeInBytes: written.sizeBytes,
      modificationTime: Math.floor(access.world.nowMs()),
    },
  };
}

/** The actions in parts of so many, each of which has to be read to its end before the next one is asked for. */
function* inParts(actions: Iterable<JsonObject>, count: number): Generator<Iterable<JsonObject>> {
  const iterator = actions[Symbol.iterator]();
  let next = iterator.next();
  function* part(): Generator<JsonObject> {
    for (let taken = 0; taken < count && next.done !== true; taken += 1) {
      yield next.value;
      next = iterator.next();
    }
  }
  while (next.done !== true) yield part();
}
