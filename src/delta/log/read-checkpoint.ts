import { SluiceError, isFailure, type JsonObject } from "../../base/index.ts";
import { SIDECAR_FOLDER } from "./file-names.ts";
import { decodeFilePath } from "./file-path.ts";
import type { LogAccess } from "./log-access.ts";
import type { CheckpointFilesOf } from "./plan-replay.ts";
import { readAction, type Action } from "./read-action.ts";
import { decodeText, parseLine } from "./read-commit.ts";

/**
 * All actions of a checkpoint, of every form: one Parquet file, several parts, V2 as JSON or Parquet, with or without sidecars.
 * What cannot be read fails with `table.corrupt` (a file that vanished too: the listing named it).
 */
export async function* readCheckpoint(access: LogAccess, checkpoint: CheckpointFilesOf): AsyncGenerator<Action> {
  const sidecars = new Set<string>();
  for (const path of checkpoint.paths) {
    for await (const action of actionsOf(access, path)) {
      if (action.kind === "sidecar") sidecars.add(sidecarPath(action.uri, access.store.url));
      else yield action;
    }
  }
  for (const path of sidecars) yield* actionsOf(access, path);
}

/** Paths of the sidecars that a checkpoint file refers to. */
export async function* sidecarsOf(access: LogAccess, path: string): AsyncGenerator<string> {
  for await (const action of actionsOf(access, path)) {
    if (action.kind === "sidecar") yield sidecarPath(action.uri, access.store.url);
  }
}

async function* actionsOf(access: LogAccess, path: string): AsyncGenerator<Action> {
  const place = { where: path, rootUrl: access.store.url };
  try {
    for await (const rows of rowsOf(access, path)) {
      for (const row of rows) {
        const action = readAction(row, place);
        if (action !== undefined) yield action;
      }
    }
  } catch (error) {
    if (!isFailure(error, "storage.missing")) throw error;
    throw new SluiceError("table.corrupt", `Cannot read ${path}: it is missing`, { cause: error });
  }
}

async function* rowsOf(access: LogAccess, path: string): AsyncGenerator<readonly JsonObject[]> {
  if (!path.endsWith(".json")) {
    yield* access.checkpoints.read(access.store, path);
    return;
  }
  const lines = decodeText(await access.store.read(path), path).split("\n");
  yield lines
    .filter((line) => line.trim() !== "")
    .map((line, index) => parseLine(line, `${path}, line ${index + 1}`) as JsonObject);
}

/** A sidecar is named by its file name below `_delta_log/_sidecars`, or by an absolute URI. */
function sidecarPath(uri: string, rootUrl: string): string {
  const path = decodeFilePath(uri, rootUrl);
  return path.includes("/") ? path : `${SIDECAR_FOLDER}/${path}`;
}
