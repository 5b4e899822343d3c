import { flawOfEndpoint } from "../../storage/index.ts";
import { durationMs } from "../builders/amounts.ts";
import type { ItemFilter } from "../../contract/index.ts";
import type { DynamoDbDefinition, TableScan } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields, readList } from "../reading/read-object.ts";
import { readFlag, readOptionalText, readText, readWholeNumber } from "../reading/read-scalar.ts";
import { readExports } from "./exports.ts";
import { readFirehose } from "./firehose.ts";
import { readIncremental } from "./incremental.ts";
import { readItemFilter } from "./item-filter.ts";
import { readKinesis } from "./kinesis.ts";
import { withLanding } from "./landing.ts";

const KNOWN = [
  "table",
  "keys",
  "landing",
  "export",
  "requestExports",
  "scan",
  "stream",
  "fetchItems",
  "kinesis",
  "firehose",
  "incremental",
  "where",
  "attributes",
  "ttl",
  "requireFullExport",
  "region",
  "endpoint",
] as const;

/** A DynamoDB table as a source; undefined (and noted) where the options do not say one. */
export function readDynamoDb(place: Place, options: unknown, folder: string): DynamoDbDefinition | undefined {
  const written = readFields(place, options, { known: KNOWN });
  if (written === undefined) return undefined;
  const fields = withLanding(place, written);
  const table = readText(place.at("table"), fields.table, "the DynamoDB table's name");
  const keys = readSourceKeys(place.at("keys"), fields.keys);
  const ttl = readTtl(place.at("ttl"), fields.ttl, keys);
  const stream = readFlag(place.at("stream"), fields.stream, false);
  const hasChanges = [stream || undefined, fields.firehose, fields.kinesis].some((one) => one !== undefined);
  const fetchItems = readFetchItems(place.at("fetchItems"), fields.fetchItems, stream);
  const exports = readExports(place, fields, { folder, hasStream: hasChanges });
  const scan = readScan(place.at("scan"), fields.scan, hasChanges);
  const region = readOptionalText(place.at("region"), fields.region, 'a region such as "eu-central-1"');
  const endpoint = readEndpoint(place.at("endpoint"), fields.endpoint);
  const sent = readKinesis(place.at("kinesis"), fields.kinesis, region);
  const files = readFirehose(place.at("firehose"), fields.firehose, folder);
  refuseSnapshots(place, {
    hasExport: fields.export !== undefined,
    hasScan: scan !== undefined,
    hasFiles: fields.firehose !== undefined || fields.incremental !== undefined,
    hasChanges,
  });
  const increments = readIncremental(place.at("incremental"), fields.incremental, fields);
  const filter = readFilter(place, fields, { keys, ttl });
  if (table === undefined || keys === undefined) return undefined;
  return {
    kind: "dynamodb",
    table,
    keys,
    ...(ttl === undefined ? {} : { ttlAttribute: ttl }),
    ...(exports === undefined ? {} : { exports }),
    ...(scan === undefined ? {} : { scan }),
    stream,
    ...(fetchItems === undefined ? {} : { fetchItems }),
    ...sent,
    ...files,
    ...increments,
    ...(filter === undefined ? {} : { filter }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

function readTtl(place: Place, value: unknown, keys: readonly string[] | undefined): string | undefined {
  const ttl = readOptionalText(place, value, "the TTL attribute's name");
  if (ttl !== undefined && keys?.includes(ttl) === true) place.refuse("an attribute that is no key", `"${ttl}"`);
  return ttl;
}

function refuseSnapshots(
  place: Place,
  {
    hasExport,
    hasScan,
    hasFiles,
    hasChanges,
  }: { readonly [name in "hasExport" | "hasScan" | "hasFiles" | "hasChanges"]: boolean },
): void {
  if (hasExport && hasScan) place.at("scan").refuse("one snapshot: `export` or `scan`", "both");
  // Files may reach back to the table's creation: nobody can tell.
  if (hasExport || hasScan || hasFiles) return;
  const why = hasChanges ? "a stream brings what changes within a day, not what was there before" : "";
  place.at("export").refuse("the place of the table's exports, or `scan: true`", "neither", why);
}

/** An export has every item whole; what is not wanted of it is left out by a Silver table. */
function readFilter(
  place: Place,
  fields: Readonly<Record<"where" | "attributes" | "export" | "firehose", unknown>>,
  { keys = [], ttl }: { readonly keys: readonly string[] | undefined; readonly ttl: string | undefined },
): ItemFilter | undefined {
  const filter = readItemFilter(place, fields, [...keys, ...(ttl === undefined ? [] : [ttl])]);
  if (filter === undefined) return undefined;
  const at = place.at(fields.where === undefined ? "attributes" : "where");
  if (fields.export !== undefined) {
    const why = "an export brings every item whole; use `scan`, or leave items out in Silver";
    return at.refuse("nothing beside `export`", "a filter", why);
  }
  return filter;
}

const SEGMENTS_MOST = 1_000;
const CAPACITY_MOST = 1_000_000;

function readScan(place: Place, value: unknown, hasStream: boolean): TableScan | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return {};
  const fields = readFields(place, value, { known: ["readCapacity", "raiseTo", "segments", "every"] });
  if (fields === undefined) return {};
  const whole = (name: "raiseTo" | "segments", most: number, what: string): number | undefined =>
    fields[name] === undefined ? undefined : readWholeNumber(place.at(name), fields[name], { least: 1, most, what });
  const readCapacity = readReadCapacity(place.at("readCapacity"), fields.readCapacity);
  const raiseTo = whole("raiseTo", CAPACITY_MOST, "read units a second");
  const segments = whole("segments", SEGMENTS_MOST, "a number of segments");
  const everyMs = readEvery(place.at("every"), fields.every, hasStream);
  return {
    ...(readCapacity === undefined ? {} : { readCapacity }),
    ...(raiseTo === undefined ? {} : { raiseTo }),
    ...(segments === undefined ? {} : { segments }),
    ...(everyMs === undefined ? {} : { everyMs }),
  };
}

const PERCENT = /^(\d{1,3}(?:\.\d{1,2})?) ?%$/;

/** Read units a second, or a share of what the table can be read with; undefined where it is not said, or is neither (and noted). */
export function readReadCapacity(place: Place, value: unknown): TableScan["readCapacity"] {
  if (value === undefined) return undefined;
  const what = 'a share such as "25%", or read units a second';
  if (typeof value !== "string") return readWholeNumber(place, value, { least: 1, most: CAPACITY_MOST, what });
  const share = Number(PERCENT.exec(value.trim())?.[1]) / 100;
  return share > 0 && share <= 1 ? { share } : place.expected(what, value);
}

function readFetchItems(
  place: Place,
  value: unknown,
  hasStream: boolean,
): DynamoDbDefinition["fetchItems"] | undefined {
  if (value === undefined || value === false) return undefined;
  if (!hasStream)
    return place.refuse("`stream: true` beside it", "none", "items are fetched for what a stream tells of");
  if (value === true) return {};
  const fields = readFields(place, value, { known: ["readCapacity"] });
  if (fields?.readCapacity === undefined) return {};
  const what = "read units a second";
  const readCapacity = readWholeNumber(place.at("readCapacity"), fields.readCapacity, {
    least: 1,
    most: CAPACITY_MOST,
    what,
  });
  return readCapacity === undefined ? {} : { readCapacity };
}

function readEvery(place: Place, value: unknown, hasStream: boolean): number | undefined {
  if (value === undefined) return undefined;
  if (hasStream) return place.refuse("nothing here", "a time", "with a stream the table needs no second scan");
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  return ms ?? place.expected('a time such as "6 hours"', value);
}

function readEndpoint(place: Place, value: unknown): string | undefined {
  const endpoint = readOptionalText(place, value, "a URL such as http://127.0.0.1:8000");
  const flaw = endpoint === undefined ? undefined : flawOfEndpoint(endpoint, undefined);
  return flaw === undefined ? endpoint : place.refuse("the URL of a server", JSON.stringify(endpoint), flaw);
}

function readSourceKeys(place: Place, value: unknown): readonly string[] | undefined {
  const what = 'the primary key attributes, one or two, such as ["order_id"]';
  const list = readList(place, value, what);
  if (list === undefined) return undefined;
  const keys = list.flatMap((one, index) => readText(place.item(index), one, "an attribute's name") ?? []);
  if (keys.length < list.length) return undefined;
  if (keys.length === 0 || keys.length > 2) return place.expected(what, value);
  return new Set(keys).size === keys.length ? keys : place.refuse(what, `${JSON.stringify(keys[0])} twice`);
}
