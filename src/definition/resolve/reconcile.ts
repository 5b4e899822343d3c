import { durationMs } from "../builders/amounts.ts";
import type { ReconcileSchedule, SourceDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readReadCapacity } from "./dynamodb.ts";

/** Nobody looks on while it reads: it leaves the table to those who use it. */
const READ_CAPACITY = { share: 0.25 };

/** `reconcile` of a table; undefined where it says nothing, or nothing usable (and noted). `source`: undefined where that is wrong itself. */
export function readReconcile(
  place: Place,
  value: unknown,
  source: SourceDefinition | undefined,
): ReconcileSchedule | undefined {
  if (value === undefined) return undefined;
  if (source?.kind === "dms")
    return place.refuse("nothing here", "a schedule", "files of AWS DMS cannot be asked what the database has");
  const fields = readFields(place, value, { known: ["every", "readCapacity"], what: '{ every: "1 day" }' });
  if (fields === undefined) return undefined;
  const readCapacity = readReadCapacity(place.at("readCapacity"), fields.readCapacity) ?? READ_CAPACITY;
  const everyMs = typeof fields.every === "string" ? durationMs(fields.every) : undefined;
  return everyMs === undefined
    ? place.at("every").expected('a time such as "1 day"', fields.every)
    : { everyMs, readCapacity };
}
