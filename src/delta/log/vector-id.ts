import type { DeletionVectorDescriptor } from "../actions.ts";

/** `dv.uniqueId` (Delta PROTOCOL, "Deletion Vector Descriptor Schema"); "" for a file without deletion vector. */
export function vectorId(vector: DeletionVectorDescriptor | undefined): string {
  if (vector === undefined) return "";
  const { storageType, pathOrInlineDv, offset } = vector;
  return offset === undefined ? `${storageType}${pathOrInlineDv}` : `${storageType}${pathOrInlineDv}@${offset}`;
}

/** A logical file: a path and its deletion vector. */
export function fileKey(file: { readonly path: string; readonly deletionVector?: DeletionVectorDescriptor }): string {
  return keyOf(file.path, vectorId(file.deletionVector));
}

/** NUL occurs in neither; without a deletion vector it is the path. */
export function keyOf(path: string, id: string): string {
  return id === "" ? path : `${path}\0${id}`;
}
