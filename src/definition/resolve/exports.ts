import { durationMs } from "../builders/amounts.ts";
import type { DynamoDbDefinition, ExportRequests, ResolvedLocation } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readFlag } from "../reading/read-scalar.ts";
import { readLocation } from "./locations.ts";

/** The options of a source that are about its exports. */
interface ExportFields {
  readonly export?: unknown;
  readonly requestExports?: unknown;
  readonly requireFullExport?: unknown;
}

/** A table's exports; undefined (and noted where something is wrong) when there are none. */
export function readExports(
  place: Place,
  fields: ExportFields,
  { folder, hasStream }: { readonly folder: string; readonly hasStream: boolean },
): DynamoDbDefinition["exports"] {
  const hasExport = fields.export !== undefined;
  const at = hasExport ? readLocation(place.at("export"), fields.export, folder) : undefined;
  const requireFull = readFlag(place.at("requireFullExport"), fields.requireFullExport, true);
  const source = { place, folder: at, hasExport, requireFull, hasStream };
  const requests = readExportRequests(fields.requestExports, source);
  return at === undefined ? undefined : { folder: at, requireFull, ...(requests === undefined ? {} : { requests }) };
}

interface RequestedSource {
  /** The options of the source. */
  readonly place: Place;
  /** Where the exports lie; undefined where that is not said, or not well. */
  readonly folder: ResolvedLocation | undefined;
  readonly hasExport: boolean;
  readonly requireFull: boolean;
  readonly hasStream: boolean;
}

const MINUTE_MS = 60_000;
/** What DynamoDB makes (AWS, "DynamoDB data export to Amazon S3: how it works", incremental exports). */
const EVERY_LEAST_MS = 15 * MINUTE_MS;
const EVERY_MOST_MS = 24 * 60 * MINUTE_MS;
const EVERY_MS = 60 * MINUTE_MS;

/** `requestExports` of a source; undefined (and noted where it is wrong) when no exports are to be asked for. */
function readExportRequests(value: unknown, source: RequestedSource): ExportRequests | undefined {
  if (value === undefined || value === false) return undefined;
  const { place, folder, hasExport, requireFull, hasStream } = source;
  const here = place.at("requestExports");
  if (!hasExport) return here.refuse("`export: \"s3://bucket/prefix\"` beside it", "no `export`", "DynamoDB writes exports there"); // prettier-ignore
  if (typeof folder === "string")
    return place.at("export").refuse("s3://bucket/prefix", "a folder", "`requestExports` writes to S3 alone");
  if (!requireFull)
    place.at("requireFullExport").refuse("nothing here", "false", "what is asked for begins with a full export");
  if (value === true) return { everyMs: EVERY_MS };
  const fields = readFields(here, value, { known: ["every"], what: 'true, or { every: "1 hour" }' });
  if (fields === undefined) return undefined;
  const everyMs = fields.every === undefined ? EVERY_MS : readEvery(here.at("every"), fields.every, hasStream);
  return everyMs === undefined ? undefined : { everyMs };
}

function readEvery(place: Place, value: unknown, hasStream: boolean): number | undefined {
  if (hasStream) return place.refuse("nothing here", "a time", "what changes comes by the stream");
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  if (ms === undefined) return place.expected('a time such as "1 hour"', value);
  if (ms >= EVERY_LEAST_MS && ms <= EVERY_MOST_MS && ms % 1_000 === 0) return ms;
  return place.refuse("15 minutes to 24 hours, in whole seconds", JSON.stringify(value), "DynamoDB makes no other windows"); // prettier-ignore
}
