import { parseJson, stringifyJson, type JsonObject } from "../base/index.ts";
import type { AddFile, DeletionVectorDescriptor, RemoveFile } from "./actions.ts";
import { isObject } from "./log/action-members.ts";

/** The remove action of a live file, with all that readers may want to know of it. */
export function removeOf(add: AddFile, nowMs: number, options: { readonly dataChange?: boolean } = {}): RemoveFile {
  return {
    path: add.path,
    deletionTimestamp: Math.floor(nowMs),
    dataChange: options.dataChange ?? true,
    partitionValues: add.partitionValues,
    sizeBytes: add.sizeBytes,
    ...(add.deletionVector === undefined ? {} : { deletionVector: add.deletionVector }),
    ...rowIds(add),
  };
}

/**
 * The same file with another deletion vector. Its bounds may now be too wide, and its statistics say so; a commit has to
 * remove the file as it was (`removeOf`) and add this.
 */
export function addWithVector(add: AddFile, vector: DeletionVectorDescriptor): AddFile {
  return {
    ...add,
    dataChange: true,
    deletionVector: vector,
    ...(add.stats === undefined ? {} : { stats: looseBounds(add.stats) }),
  };
}

function looseBounds(stats: string): string {
  const json = parseJson(stats);
  const loose: JsonObject = isObject(json) ? { ...json, tightBounds: false } : { tightBounds: false };
  return stringifyJson(loose);
}

/** Of the members that we only carry along, a remove keeps the row ids. */
function rowIds(add: AddFile): { extra?: JsonObject } {
  const extra: JsonObject = {};
  for (const name of ["baseRowId", "defaultRowCommitVersion"]) {
    const value = add.extra?.[name];
    if (value !== undefined) extra[name] = value;
  }
  return Object.keys(extra).length === 0 ? {} : { extra };
}
