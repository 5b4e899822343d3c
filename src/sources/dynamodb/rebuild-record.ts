import { parseJson, stringifyJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import { canonicalNumber, isReservedName, type StructType } from "../../contract/index.ts";
import type { Row, Value } from "../../engine/index.ts";
import { shapeOf } from "./columns/column-schema.ts";
import { numberText } from "./columns/hinted-numbers.ts";
import { isObject, type ScalarShape, type Shape } from "./columns/shapes.ts";

/**
 * The line of the export, or the record of the stream, that a Bronze row was made from, in DynamoDB JSON: the same record, spelt anew and
 * with its members in the order of the columns. Empty for a `T`, which no line stands for. `row` has all columns of the table.
 */
export function rebuildRecord(row: Row, schema: StructType, keys: readonly string[]): string {
  const attributes = attributesOf(row, schema);
  const meta = objectOf(row["_source_meta"]);
  const others = meta["members"] ?? null;
  const beside = isObject(others) ? membersOf(others) : [];
  if (row["_op"] === "T") return "";
  const isIncrement = typeof meta["increment"] === "string" && row["_op"] === "U";
  if (row["_op"] === "R" || isIncrement) return object([`"Item":${object([...attributes.values()])}`, ...beside]);
  const members = [`"Keys":${object(keys.flatMap((key) => attributes.get(key) ?? []))}`];
  // What the stream did not have was fetched, or is not there.
  const hasImage = row["_op"] !== "D" && meta["image"] === undefined;
  if (hasImage) members.push(`"NewImage":${object([...attributes.values()])}`);
  if (typeof row["_before"] === "string") members.push(`"OldImage":${row["_before"]}`);
  if (isObject(meta["envelope"] ?? null)) return envelope(meta, members);
  if (typeof meta["shard"] === "string") return streamRecord(row, meta, members);
  return object([`"Metadata":${metadataOf(row, meta)}`, ...members, ...beside]);
}

const EVENT_NAMES: Readonly<Record<string, string>> = { I: "INSERT", U: "MODIFY", D: "REMOVE" };
const MICROS_PER_SECOND = 1_000_000n;

/** As `GetRecords` gave it. The event's own name ends with the record's sequence number and key: `stream/<label>/<shard>/<number>/<key>`. */
function streamRecord(row: Row, meta: JsonObject, members: readonly string[]): string {
  const [, , , sequence = ""] = textOf(row["_event_id"]).split("/");
  const seconds = BigInt(textOf(row["_source_ts"])) / MICROS_PER_SECOND;
  const of = (name: "eventID" | "userIdentity"): readonly string[] =>
    meta[name] === undefined ? [] : [member(name, stringifyJson(meta[name]))];
  const change = [
    `"ApproximateCreationDateTime":${seconds}`,
    ...members,
    `"SequenceNumber":${JSON.stringify(sequence)}`,
  ];
  return object([
    ...of("eventID"),
    `"eventName":${JSON.stringify(meta["left"] ?? EVENT_NAMES[textOf(row["_op"])] ?? "")}`,
    ...of("userIdentity"),
    `"dynamodb":${object(change)}`,
  ]);
}

/** As it was delivered, whether by Kinesis or in a file: what surrounded the images stands in the meta. */
function envelope(meta: JsonObject, images: readonly string[]): string {
  const [around, change] = [meta["envelope"] ?? null, meta["change"] ?? null].map((part) =>
    isObject(part) ? membersOf(part) : [],
  );
  return object([...(around ?? []), `"dynamodb":${object([...(change ?? []), ...images])}`]);
}

function metadataOf(row: Row, meta: JsonObject): string {
  if (meta["metadata"] !== undefined) return stringifyJson(meta["metadata"]);
  return `{"WriteTimestampMicros":{"N":"${textOf(row["_source_ts"])}"}}`;
}

/** JSON members (`"name":{"S":…}`) by attribute: what the columns hold, and what was rescued. */
export function attributesOf(row: Row, schema: StructType): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const column of schema.fields) {
    const value = row[column.name];
    const shape = shapeOf(column);
    if (value === null || value === undefined || isReservedName(column.name) || shape.tag === "foreign") continue;
    attributes.set(column.name, member(column.name, taggedJson(shape, value)));
  }
  const rescued = objectOf(row["_rescued"]);
  for (const name of Object.keys(rescued)) attributes.set(name, member(name, stringifyJson(rescued[name])));
  return attributes;
}

function taggedJson(shape: Shape, value: Value): string {
  return `{"${shape.tag}":${contentJson(shape, value)}}`;
}

function contentJson(shape: Shape, value: Value): string {
  switch (shape.tag) {
    case "S":
      return JSON.stringify(value);
    case "N":
      return JSON.stringify(exactNumber(shape, value));
    case "B":
      return JSON.stringify(base64(value));
    case "BOOL":
      return value === true ? "true" : "false";
    case "SS":
    case "NS":
      return array(itemsOf(value).map((item) => JSON.stringify(item)));
    case "BS":
      return array(itemsOf(value).map((item) => JSON.stringify(base64(item))));
    case "L": {
      const { element } = shape;
      return array(element === undefined ? [] : itemsOf(value).map((item) => taggedJson(element, item)));
    }
    case "M":
      return object([...shape.members].flatMap(([name, inner]) => mapMember(name, inner, value)));
    case "foreign":
      return "null";
  }
}

function mapMember(name: string, shape: Shape, map: Value): readonly string[] {
  const value = fieldOf(map, name);
  return value === null ? [] : [member(name, taggedJson(shape, value))];
}

function exactNumber({ type }: ScalarShape, value: Value): string {
  const text = textOf(value);
  if (type === "string") return text;
  const isBinary = typeof value === "number" && (type === "double" || type === "float");
  return (isBinary ? numberText(type, value) : canonicalNumber(text)) ?? text;
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? value.toString() : "";
}

function base64(value: Value): string {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64")
    : "";
}

function itemsOf(value: Value): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

function fieldOf(map: Value, name: string): Value {
  if (typeof map !== "object" || map === null || Array.isArray(map) || map instanceof Uint8Array) return null;
  return Object.hasOwn(map, name) ? ((map as { readonly [name: string]: Value })[name] ?? null) : null;
}

function objectOf(text: Value | undefined): JsonObject {
  const value: JsonValue = typeof text === "string" ? parseJson(text) : null;
  return isObject(value) ? value : (Object.create(null) as JsonObject);
}

function membersOf(object_: JsonObject): readonly string[] {
  return Object.keys(object_).map((name) => member(name, stringifyJson(object_[name])));
}

function member(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function object(members: readonly string[]): string {
  return `{${members.join(",")}}`;
}

function array(items: readonly string[]): string {
  return `[${items.join(",")}]`;
}
