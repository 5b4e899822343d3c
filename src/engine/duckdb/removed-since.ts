import { SluiceError, isFailure } from "../../base/index.ts";
import { vectorPath, type AddFile } from "../../delta/index.ts";
import type { OpenTable, Relation } from "../engine.ts";

/**
 * The failure to tell where a query over an older version failed because a clean-up has removed files of it since; else the failure as
 * it was.
 */
export async function withRemovedSaid(error: unknown, relation: Relation): Promise<unknown> {
  if (!(isFailure(error, "table.corrupt") || isFailure(error, "storage.missing"))) return error;
  for (const input of Object.values(relation.inputs)) {
    const said: unknown =
      input.kind === "table" || input.kind === "files"
        ? await removedSince(input.table, input.kind === "files" ? input.files : undefined, error)
        : input.kind === "relation"
          ? await withRemovedSaid(error, input.relation)
          : undefined;
    if (said !== undefined && said !== error) return said;
  }
  return error;
}

async function removedSince(
  { name, store, log, snapshot }: OpenTable,
  files: readonly AddFile[] | undefined,
  cause: unknown,
): Promise<SluiceError | undefined> {
  if (snapshot === undefined) return undefined;
  const newest = await log.latest();
  if (newest === undefined || newest.version <= snapshot.version) return undefined;
  let missing = 0;
  for (const { path, deletionVector } of files ?? snapshot.files.values()) {
    const vector = deletionVector === undefined ? undefined : vectorPath(deletionVector, store);
    for (const one of vector === undefined ? [path] : [path, vector]) {
      if ((await store.stat(one)) !== undefined) continue;
      // What the newest version needs and has not is damage, not a clean-up.
      if (newest.files.has(one)) return undefined;
      missing += 1;
    }
  }
  if (missing === 0) return undefined;
  return new SluiceError(
    "table.version-missing",
    `Cannot read version ${snapshot.version} of ${name}: its files are gone`,
    {
      cause,
      facts: { table: name, version: snapshot.version, newest: newest.version, missing },
      advice:
        "A clean-up (vacuum) has removed them: it keeps those of a week, or as long as it is told. Read a later version.",
    },
  );
}
