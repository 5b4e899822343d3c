import { durationMs } from "../builders/amounts.ts";
import type { DynamoDbDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readFlag, readOptionalText } from "../reading/read-scalar.ts";
import { readLocation } from "./locations.ts";

/** What is remembered of files that are older than two months is too coarse to be compared with a part of them. */
const LATENESS_DAYS_MOST = 31;
const DAY_MS = 86_400_000;

/** The place of the files, or that with options; nothing where it is not said (and noted where it is said wrongly). */
export function readFirehose(place: Place, value: unknown, folder: string): Pick<DynamoDbDefinition, "firehose"> {
  if (value === undefined) return {};
  const firehose = readFiles(place, value, folder);
  return firehose === undefined ? {} : { firehose };
}

function readFiles(place: Place, value: unknown, folder: string): DynamoDbDefinition["firehose"] {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "files")) {
    const location = readLocation(place, value, folder);
    return location === undefined ? undefined : { folder: location };
  }
  const fields = readFields(place, value, { known: ["files", "errors", "lateness", "exactAttributes"] });
  if (fields === undefined) return undefined;
  const location = readLocation(place.at("files"), fields.files, folder);
  const errors = readOptionalText(place.at("errors"), fields.errors, 'a prefix such as "errors/"');
  const latenessMs = readLateness(place.at("lateness"), fields.lateness);
  const exactAttributes = readFlag(place.at("exactAttributes"), fields.exactAttributes, false);
  if (location === undefined) return undefined;
  return {
    folder: location,
    ...(errors === undefined ? {} : { errors }),
    ...(latenessMs === undefined ? {} : { latenessMs }),
    ...(exactAttributes ? { exactAttributes } : {}),
  };
}

function readLateness(place: Place, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  if (ms !== undefined && ms <= LATENESS_DAYS_MOST * DAY_MS) return ms;
  return place.expected(`a time of at most ${LATENESS_DAYS_MOST} days, such as "2 days"`, value);
}
