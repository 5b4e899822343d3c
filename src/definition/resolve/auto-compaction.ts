import { sizeBytes } from "../builders/amounts.ts";
import type { AutoCompaction } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readWholeNumber } from "../reading/read-scalar.ts";

const MIB = 1024 ** 2;
/** Reading some twenty small files is hardly slower than reading one of their size, and each is written once more then. */
export const AUTO_COMPACTION: AutoCompaction = { minFiles: 20, maxBytes: 256 * MIB };
const MIN_FILES_MAX = 10_000;

/** What `autoCompact` says of a table; the defaults (and a note) where it says nothing usable. */
export function readAutoCompaction(place: Place, value: unknown): AutoCompaction | false {
  if (value === undefined || value === false) return value ?? AUTO_COMPACTION;
  const what = "false or an object such as { minFiles: 20 }";
  const fields = readFields(place, value, { known: ["minFiles", "fileSize", "perRun"], what });
  if (fields === undefined) return AUTO_COMPACTION;
  const limits = { least: 2, most: MIN_FILES_MAX, what: "a number of files" };
  const minFiles =
    fields.minFiles === undefined ? undefined : readWholeNumber(place.at("minFiles"), fields.minFiles, limits);
  const targetBytes = readSize(place.at("fileSize"), fields.fileSize);
  return {
    minFiles: minFiles ?? AUTO_COMPACTION.minFiles,
    maxBytes: readSize(place.at("perRun"), fields.perRun) ?? AUTO_COMPACTION.maxBytes,
    ...(targetBytes === undefined ? {} : { targetBytes }),
  };
}

function readSize(place: Place, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const bytes = typeof value === "string" ? sizeBytes(value) : value;
  if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= MIB) return bytes;
  return place.expected('a size of at least 1 MiB, such as "64MB", or its bytes', value);
}
