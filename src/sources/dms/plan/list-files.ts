import { SluiceError, isFailure } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import { isTemporary } from "../../input/index.ts";
import type { Notice } from "../../source.ts";
import type { DmsFilesOptions } from "../options.ts";
import { fileOfName, type ListedFile } from "./listed-file.ts";

export interface Listing {
  readonly files: readonly ListedFile[];
  readonly skipped: readonly Notice[];
}

/** Notices of files that are none of ours: there may be thousands. */
const NOTICES_MAX = 10;

/** The data files of a table: those below its own folder, and transaction files, which hold several tables. */
export async function listFiles(store: ObjectStore, { schema, table, settings }: DmsFilesOptions): Promise<Listing> {
  const files: ListedFile[] = [];
  const strange: string[] = [];
  const places: readonly { readonly prefix: string; readonly place: "table" | "transactions" }[] = [
    { prefix: `${schema}/${table}/`, place: "table" },
    ...(settings.cdcPath === undefined ? [] : [{ prefix: `${settings.cdcPath}/`, place: "transactions" as const }]),
  ];
  for (const { prefix, place } of places) {
    try {
      for await (const found of store.list(prefix)) {
        if (isTemporary(found.path.slice(prefix.length))) continue;
        const file = fileOfName(found, place);
        if (file === undefined) strange.push(found.path);
        else files.push(file);
      }
    } catch (error) {
      if (!isFailure(error, "storage.denied")) throw error;
      throw new SluiceError("source.denied", "Cannot look for files of AWS DMS in a folder", {
        facts: { folder: prefix },
        cause: error,
      });
    }
  }
  const skipped = strange.slice(0, NOTICES_MAX).map((what): Notice => ({ what, why: "AWS DMS names no data file so" }));
  const more = strange.length - NOTICES_MAX;
  if (more > 0) skipped.push({ what: `${more} more files`, why: "AWS DMS names no data files so" });
  return { files, skipped };
}
