import { isFailure, parseJson, stringifyJson } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { isObject } from "./action-members.ts";
import { HINT_PATH } from "./file-names.ts";

/** Delta PROTOCOL, "Last Checkpoint File". Only a hint: it may be stale, damaged or missing. */
export interface CheckpointHint {
  readonly version: number;
  /** Number of actions. */
  readonly size: number;
  readonly sizeInBytes: number;
  readonly numOfAddFiles: number;
  /** The file of a checkpoint of the second form, as Spark writes it. */
  readonly v2Checkpoint?: { readonly path: string; readonly sizeInBytes: number; readonly modificationTime: number };
}

/** The hinted version; undefined when there is no hint that makes sense. */
export async function readCheckpointHint(store: ObjectStore): Promise<number | undefined> {
  let body: Uint8Array;
  try {
    body = await store.read(HINT_PATH);
  } catch (error) {
    if (isFailure(error, "storage.missing")) return undefined;
    throw error;
  }
  return hintedVersion(new TextDecoder().decode(body));
}

export async function writeCheckpointHint(store: ObjectStore, hint: CheckpointHint): Promise<void> {
  await store.replace(HINT_PATH, new TextEncoder().encode(stringifyJson({ ...hint })));
}

function hintedVersion(text: string): number | undefined {
  try {
    const json = parseJson(text);
    const version = isObject(json) ? json["version"] : undefined;
    return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : undefined;
  } catch {
    // Not JSON: the same as no hint, the listing says more.
    return undefined;
  }
}
