import type { JsonObject } from "../../base/index.ts";
import type { CheckpointRows } from "../needs.ts";
import { rowsOfColumns } from "./action-columns.ts";
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
  readonly files: Iterable<CheckpointRows>;
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
  for (const rows of inParts(files, sidecarActions)) {
    const name = `${access.world.uuid()}.parquet`;
    const written = await access.checkpoints.write(access.store, sidecarPath(name), rows, "sidecar");
    const modificationTime = Math.floor(access.world.nowMs());
    sidecars.push({ sidecar: { path: name, sizeInBytes: written.sizeBytes, modificationTime } });
    size += written.rows;
    sizeInBytes += written.sizeBytes;
  }
  const path = v2CheckpointPath(version, access.world.uuid());
  const top = [...head, ...sidecars, { checkpointMetadata: { version } }];
  const written = await access.checkpoints.write(access.store, path, [top], "v2");
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

/** The rows in parts of so many, each of which has to be read to its end before the next one is asked for. */
function* inParts(batches: Iterable<CheckpointRows>, count: number): Generator<Iterable<CheckpointRows>> {
  const iterator = batches[Symbol.iterator]();
  let rest = nextOf(iterator);
  function* part(): Generator<CheckpointRows> {
    for (let taken = 0; taken < count && rest !== undefined;) {
      const size = Math.min(count - taken, sizeOf(rest));
      yield slice(rest, 0, size);
      taken += size;
      rest = size < sizeOf(rest) ? slice(rest, size, sizeOf(rest)) : nextOf(iterator);
    }
  }
  while (rest !== undefined) yield part();
}

function nextOf(iterator: Iterator<CheckpointRows>): CheckpointRows | undefined {
  for (;;) {
    const { done, value } = iterator.next();
    if (done === true) return undefined;
    if (sizeOf(value) > 0) return value;
  }
}

function sizeOf(rows: CheckpointRows): number {
  return "kind" in rows ? rows.rows : rows.length;
}

function slice(rows: CheckpointRows, start: number, end: number): CheckpointRows {
  if (start === 0 && end === sizeOf(rows)) return rows;
  if (!("kind" in rows)) return rows.slice(start, end);
  return rowsOfColumns(
    rows,
    Array.from({ length: end - start }, (_, index) => start + index),
  );
}
