import { parseJson, type JsonObject } from "../../base/index.ts";
import { isObject } from "../log/action-members.ts";

/** `add.stats`, parsed (Delta PROTOCOL, "Per-file Statistics"). The nested objects are keyed by column names. */
export interface FileStats {
  /** Physical rows, deleted ones included. */
  readonly numRecords?: number;
  /** Whether the bounds are the values' own; false after rows were deleted (then they may be too wide). */
  readonly tightBounds: boolean;
  readonly minValues: JsonObject;
  readonly maxValues: JsonObject;
  readonly nullCount: JsonObject;
}

/** undefined for text that holds no statistics: such a file is never skipped. */
export function parseStats(text: string | undefined): FileStats | undefined {
  if (text === undefined) return undefined;
  let json;
  try {
    json = parseJson(text);
  } catch {
    // Statistics are advice. Without them the file is read.
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const numRecords = json["numRecords"];
  const isCount = typeof numRecords === "number" && Number.isSafeInteger(numRecords) && numRecords >= 0;
  return {
    ...(isCount ? { numRecords } : {}),
    tightBounds: json["tightBounds"] !== false,
    minValues: members(json["minValues"]),
    maxValues: members(json["maxValues"]),
    nullCount: members(json["nullCount"]),
  };
}

function members(json: JsonObject[string] | undefined): JsonObject {
  return isObject(json) ? json : {};
}
