import type { JsonObject, JsonValue } from "../../../base/index.ts";
import { canonicalNumber } from "../../../contract/index.ts";
import { isCanonicalBase64, isObject, taggedValue } from "../columns/shapes.ts";

/** A line of a full export, of an incremental one, or of what we wrote ourselves of a stream's records. */
export type LineKind = "full" | "window" | "stream";

export interface RecordRules {
  readonly kind: LineKind;
  readonly keys: readonly string[];
  /** The tags that the keys' columns have, where they are known. */
  readonly keyTags: readonly (string | undefined)[];
}

/** Microseconds whose export time (five minutes before) is after 1970 and that a double holds exactly. */
const TIMESTAMP = /^[1-9][0-9]{8,15}$/;
const TIMESTAMP_MIN = 300_000_000;

/** Why a line, parsed, is no record of DynamoDB; undefined when it is one. */
export function whyNoRecord(line: JsonValue, rules: RecordRules): string | undefined {
  if (!isObject(line)) return "the line is no JSON object";
  if (rules.kind === "full") {
    return attributesProblem("Item", line["Item"]) ?? keysProblem(line["Item"], rules);
  }
  return (
    frameProblem(rules.kind, line["Stream"]) ??
    timestampProblem(line["Metadata"]) ??
    attributesProblem("Keys", line["Keys"]) ??
    optionalProblem("NewImage", line["NewImage"]) ??
    optionalProblem("OldImage", line["OldImage"]) ??
    keysProblem(line["Keys"], rules) ??
    sameKeysProblem(line, rules)
  );
}

function frameProblem(kind: LineKind, frame: JsonValue | undefined): string | undefined {
  if (kind !== "stream") return undefined;
  const isFrame =
    isObject(frame ?? null) && FRAME_TEXTS.every((name) => typeof (frame as JsonObject)[name] === "string");
  return isFrame ? undefined : "the record has no place in a stream";
}

const FRAME_TEXTS = ["op", "sequence", "event"];

/** The write time of a window's line, as `{"N":"…"}` or, as AWS's documentation shows it, a bare text. */
export function writeTimestamp(metadata: JsonValue | undefined): string | undefined {
  if (metadata === undefined || !isObject(metadata)) return undefined;
  const stated = metadata["WriteTimestampMicros"] ?? null;
  const [tag, content] = typeof stated === "string" ? ["N", stated] : taggedValue(stated);
  if (tag !== "N" || typeof content !== "string" || !TIMESTAMP.test(content)) return undefined;
  return Number(content) >= TIMESTAMP_MIN && Number.isSafeInteger(Number(content)) ? content : undefined;
}

function timestampProblem(metadata: JsonValue | undefined): string | undefined {
  return writeTimestamp(metadata) === undefined ? "Metadata has no usable WriteTimestampMicros" : undefined;
}

function optionalProblem(name: string, value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : attributesProblem(name, value);
}

function attributesProblem(name: string, value: JsonValue | undefined): string | undefined {
  if (value === undefined) return `the line has no ${name}`;
  if (!isObject(value)) return `${name} is no object`;
  for (const attribute of Object.keys(value)) {
    if (!isAttributeValue(value[attribute] ?? null)) {
      return `attribute ${JSON.stringify(attribute)} of ${name} is no value of DynamoDB`;
    }
  }
  return undefined;
}

function isAttributeValue(value: JsonValue): boolean {
  const [tag = "", content] = taggedValue(value);
  if (tag === "S" || tag === "N" || tag === "B") return typeof content === "string";
  if (tag === "BOOL") return typeof content === "boolean";
  if (tag === "NULL") return content === true;
  if (tag === "M") return isObject(content) && Object.values(content).every((item) => isAttributeValue(item));
  if (!Array.isArray(content)) return false;
  if (tag === "L") return content.every((item) => isAttributeValue(item));
  return ["SS", "NS", "BS"].includes(tag) && content.every((item) => typeof item === "string");
}

function keysProblem(item: JsonValue | undefined, rules: RecordRules): string | undefined {
  for (const [index, key] of rules.keys.entries()) {
    const value = item !== undefined && isObject(item) ? item[key] : undefined;
    if (value === undefined) return `no key attribute ${JSON.stringify(key)}`;
    const [tag, content] = taggedValue(value);
    if (!isKeyValue(tag, content)) return `key attribute ${JSON.stringify(key)} is no key of type S, N or B`;
    const expected = rules.keyTags[index];
    if (expected !== undefined && expected !== tag) {
      return `key attribute ${JSON.stringify(key)} has type ${tag}, the table's has ${expected}`;
    }
  }
  return undefined;
}

function isKeyValue(tag: string | undefined, content: JsonValue): boolean {
  if (typeof content !== "string") return false;
  if (tag === "S") return content.isWellFormed();
  if (tag === "N") return canonicalNumber(content) !== undefined;
  return tag === "B" && isCanonicalBase64(content);
}

function sameKeysProblem(line: JsonObject, rules: RecordRules): string | undefined {
  const keys = line["Keys"] as JsonObject;
  if (Object.keys(keys).length !== rules.keys.length) return "Keys has other attributes than the table's key";
  const image = line["NewImage"] as JsonObject | undefined;
  if (image === undefined) return undefined;
  const isSame = rules.keys.every((key) => {
    const [tag, content] = taggedValue(keys[key] ?? null);
    const [imageTag, imageContent] = taggedValue(image[key] ?? null);
    return tag === imageTag && content === imageContent;
  });
  return isSame ? undefined : "Keys differs from the key in NewImage";
}
