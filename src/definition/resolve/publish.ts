import { flawOfEndpoint } from "../../storage/index.ts";
import { durationMs } from "../builders/amounts.ts";
import { contentsOf } from "../builders/mark.ts";
import type { KeyPart, KeyTemplate, PublishDefinition } from "../model.ts";
import { nearMiss } from "../reading/near-miss.ts";
import type { Place } from "../reading/place.ts";
import { readEntries, readFields, readList } from "../reading/read-object.ts";
import { readChoice, readFlag, readOptionalText, readText, readWholeNumber } from "../reading/read-scalar.ts";

const FIELDS = [
  ...(["table", "keys", "columns", "region", "endpoint", "insecure", "writeCapacity"] as const),
  ...(["raiseTo", "existing", "ttl", "keepDeleted"] as const),
];
const DAY_MS = 86_400_000;
/** Longer than any publish that still waits for an answer: what it would write then finds what stands for the deleted row. */
const KEEP_LEAST_MS = DAY_MS;
const KEEP_MS = 7 * DAY_MS;
/** The most that DynamoDB gives a table without being asked (AWS, "Quotas"): a larger number is a mistake. */
const UNITS_MAX = 40_000;
const TARGET = "a target such as dynamodbTarget({ … })";

/** What `publish` says of a table; undefined where it says nothing, or nothing usable (and noted). `columns`: those that are known, undefined for none. */
export function readPublish(
  place: Place,
  value: unknown,
  columns: ReadonlySet<string> | undefined,
): PublishDefinition | undefined {
  if (value === undefined) return undefined;
  const contents = contentsOf(value, "target");
  if (contents === undefined) return place.expected(TARGET, value);
  const fields = readFields(place, contents.options, { known: FIELDS });
  if (fields === undefined) return undefined;
  const table = readTableName(place.at("table"), fields.table);
  const keys = readKeys(place.at("keys"), fields.keys, columns);
  const chosen = readColumnNames(place.at("columns"), fields.columns, columns);
  const reached = readEndpointAndRegion(place, fields);
  const units = readCapacity(place, fields);
  const existing =
    fields.existing === undefined ? "refuse" : readChoice(place.at("existing"), fields.existing, ["refuse", "replace"]);
  const tombstones = readTombstones(place, fields, keys);
  if (table === undefined || keys === undefined || existing === undefined) return undefined;
  return {
    kind: "dynamodb",
    table,
    keys,
    ...(chosen === undefined ? {} : { columns: chosen }),
    ...reached,
    ...units,
    existing,
    tombstones,
  };
}

type Fields = Readonly<Record<(typeof FIELDS)[number], unknown>>;

function readEndpointAndRegion(place: Place, fields: Fields): Pick<PublishDefinition, "region" | "endpoint"> {
  const region = readOptionalText(place.at("region"), fields.region, "a region's name");
  const insecure = readFlag(place.at("insecure"), fields.insecure, false);
  const endpoint = readEndpoint(place.at("endpoint"), fields.endpoint, insecure);
  return { ...(region === undefined ? {} : { region }), ...(endpoint === undefined ? {} : { endpoint }) };
}

function readCapacity(place: Place, fields: Fields): Pick<PublishDefinition, "writeCapacity" | "raiseTo"> {
  const writeCapacity = readUnits(place.at("writeCapacity"), fields.writeCapacity);
  const raiseTo = readUnits(place.at("raiseTo"), fields.raiseTo);
  return { ...(writeCapacity === undefined ? {} : { writeCapacity }), ...(raiseTo === undefined ? {} : { raiseTo }) };
}

function readTombstones(
  place: Place,
  fields: Fields,
  keys: readonly KeyTemplate[] | undefined,
): PublishDefinition["tombstones"] {
  const ttlAttribute = readOptionalText(place.at("ttl"), fields.ttl, "the TTL attribute's name");
  if (ttlAttribute !== undefined && keys?.some((key) => key.attribute === ttlAttribute) === true) {
    place.at("ttl").refuse("an attribute that is no key", JSON.stringify(ttlAttribute));
  }
  const keepMs = readKeep(place.at("keepDeleted"), fields.keepDeleted);
  return { keepMs, ...(ttlAttribute === undefined ? {} : { ttlAttribute }) };
}

/** AWS, "Naming rules"; or the table's ARN. */
function readTableName(place: Place, value: unknown): string | undefined {
  const name = readText(place, value, "the DynamoDB table's name");
  if (name === undefined || /^[A-Za-z0-9_.-]{3,255}$|^arn:aws[\w-]*:dynamodb:[^:]+:\d{12}:table\/[\w.-]+$/.test(name))
    return name;
  return place.expected("the DynamoDB table's name (3 to 255 letters, digits, _ - and .)", value);
}

function readKeys(
  place: Place,
  value: unknown,
  columns: ReadonlySet<string> | undefined,
): readonly KeyTemplate[] | undefined {
  const what = 'the table\'s key attributes with a template each, such as { pk: "{day}#{category}", sk: "{region}" }';
  const entries = readEntries(place, value, what);
  if (entries === undefined) return undefined;
  if (entries.length === 0 || entries.length > 2) return place.refuse(what, `${entries.length} of them`);
  const keys: KeyTemplate[] = [];
  for (const [attribute, template] of entries) {
    const at = place.at(attribute);
    if (attribute === "_sluice") at.refuse("a name of the table's own", "the name of Sluice's own attribute");
    const parts = readTemplate(at, template, columns);
    if (parts !== undefined) keys.push({ attribute, parts });
  }
  return keys.length === entries.length ? keys : undefined;
}

const PIECES = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g;

/** `{day}#{category}`: texts and columns. */
function readTemplate(
  place: Place,
  value: unknown,
  columns: ReadonlySet<string> | undefined,
): readonly KeyPart[] | undefined {
  const what = 'a template such as "{day}#{category}"';
  const text = readText(place, value, what);
  if (text === undefined) return undefined;
  const parts: KeyPart[] = [];
  for (const [piece, column] of text.matchAll(PIECES)) {
    if (piece === "{" || piece === "}")
      return place.refuse(what, `a lone ${piece} in ${JSON.stringify(text)}`, "write it twice");
    if (column === undefined) parts.push({ text: piece === "{{" ? "{" : piece === "}}" ? "}" : piece });
    else if (columns === undefined || columns.has(column)) parts.push({ column });
    else return place.expected("a column of the table in braces", column, nearMiss(column, columns));
  }
  if (parts.some((part) => "column" in part)) return parts;
  return place.refuse(what, `${JSON.stringify(text)}, which is the same for every row`);
}

function readColumnNames(
  place: Place,
  value: unknown,
  columns: ReadonlySet<string> | undefined,
): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list = readList(place, value, "names of columns");
  if (list === undefined) return undefined;
  const names: string[] = [];
  for (const [index, one] of list.entries()) {
    const at = place.item(index);
    if (typeof one !== "string") at.expected("the name of a column", one);
    else if (names.includes(one)) at.refuse("each column once", `${JSON.stringify(one)} again`);
    else if (columns !== undefined && !columns.has(one))
      at.expected("a column of the table", one, nearMiss(one, columns));
    else names.push(one);
  }
  return names;
}

function readEndpoint(place: Place, value: unknown, insecure: boolean): string | undefined {
  const what = "a URL such as http://localhost:8000";
  const endpoint = readOptionalText(place, value, what);
  if (endpoint === undefined) return undefined;
  const flaw = flawOfEndpoint(endpoint, insecure);
  return flaw === undefined ? endpoint : place.refuse(what, "another text", flaw);
}

function readUnits(place: Place, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return readWholeNumber(place, value, { least: 1, most: UNITS_MAX, what: "units of write capacity" });
}

function readKeep(place: Place, value: unknown): number {
  if (value === undefined) return KEEP_MS;
  const ms = typeof value === "string" ? durationMs(value) : undefined;
  if (ms !== undefined && ms >= KEEP_LEAST_MS) return ms;
  return place.expected('a duration of at least "1 day", such as "7 days"', value) ?? KEEP_MS;
}
