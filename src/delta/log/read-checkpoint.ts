import { SluiceError, isFailure, type JsonObject } from "../../base/index.ts";
import { sidecarPath } from "./file-names.ts";
import { decodeFilePath, type TableRoot } from "./file-path.ts";
import type { LogAccess } from "./log-access.ts";
import type { ActionColumns, CheckpointRows } from "../needs.ts";
import { ADDS, FileColumns, REMOVES } from "./file-columns.ts";
import type { CheckpointFilesOf } from "./plan-replay.ts";
import { readAction, type Action } from "./read-action.ts";
import { readAhead } from "./read-ahead.ts";
import { decodeText, parseLine } from "./read-commit.ts";
import type { CheckpointContent } from "./replay.ts";

/** Parts and sidecars read at once: hides the latency of an object store; the engine works on two of them at a time. */
const PARTS_AT_ONCE = 4;

/**
 * A checkpoint of any form: one Parquet file, several parts, V2 as JSON or Parquet, with or without sidecars.
 * What cannot be read fails with `table.corrupt` (a file that vanished too: the listing named it).
 */
export async function readCheckpoint(access: LogAccess, checkpoint: CheckpointFilesOf): Promise<CheckpointContent> {
  const root = access.store;
  const place = { where: checkpoint.paths.join(", "), root };
  const uris = new Map<string, string>();
  const adds = { columns: new FileColumns(ADDS, place), passedOver: new Set<number>() };
  const removes = { columns: new FileColumns(REMOVES, place), passedOver: new Set<number>() };
  const actions: Action[] = [];
  const sidecars = new Map<string, number>();
  const tellAdd = {
    uri: (path: string, uri: string) => void uris.set(path, uri),
    repeated: (number: number) => void adds.passedOver.add(number),
  };
  const tellRemove = {
    // A file that is live is called as it is called there.
    uri: (path: string, uri: string) => void uris.set(path, uris.get(path) ?? uri),
    repeated: (number: number) => void removes.passedOver.add(number),
  };
  const takePart = async (path: string): Promise<void> => {
    for await (const item of itemsOf(access, path)) {
      if ("rows" in item) {
        if (item.kind === "adds") adds.columns.take(item, tellAdd);
        else removes.columns.take(item, tellRemove);
      } else if (item.kind === "sidecar") sidecars.set(sidecarOf(item.uri, root), item.sizeBytes);
      else actions.push(item);
    }
  };
  await all(checkpoint.paths, takePart);
  await all(sidecars.keys(), takePart);
  const sidecarBytes = [...sidecars.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  return { adds, removes, uris, actions, sidecarBytes };
}

async function all(paths: Iterable<string>, takePart: (path: string) => Promise<void>): Promise<void> {
  for await (const _ of readAhead(paths, takePart, PARTS_AT_ONCE)) continue;
}

/** Paths of the sidecars that a checkpoint file refers to. */
export async function* sidecarsOf(access: LogAccess, path: string): AsyncGenerator<string> {
  for await (const action of itemsOf(access, path)) {
    if (action.kind === "sidecar") yield sidecarOf(action.uri, access.store);
  }
}

async function* itemsOf(access: LogAccess, path: string): AsyncGenerator<Action | ActionColumns> {
  const place = { where: path, root: access.store };
  try {
    for await (const rows of rowsOf(access, path)) {
      if (!isActions(rows)) {
        yield rows;
        continue;
      }
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

function isActions(rows: CheckpointRows): rows is readonly JsonObject[] {
  return Array.isArray(rows);
}

async function* rowsOf(access: LogAccess, path: string): AsyncGenerator<CheckpointRows> {
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
function sidecarOf(uri: string, root: TableRoot): string {
  const path = decodeFilePath(uri, root);
  return path.includes("/") ? path : sidecarPath(path);
}
