import { stringifyJson, type JsonObject, type JsonValue } from "../../../base/index.ts";
import { isMember } from "./action-shape.ts";

/** The JSON statistics that `stats_parsed` stands for (Delta PROTOCOL, "Checkpoint Schema"); infinite bounds are no JSON and left out. */
export function statsTextOf(parsed: JsonValue | undefined): string | undefined {
  return isMember(parsed) ? stringifyJson(withoutNulls(parsed)) : undefined;
}

/** The log's texts for `partitionValues_parsed`, whose members are typed. */
export function partitionValuesOf(parsed: JsonValue | undefined): JsonObject | undefined {
  if (!isMember(parsed)) return undefined;
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, partitionText(value)]));
}

function withoutNulls(object: JsonObject): JsonObject {
  const kept = Object.entries(object).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([name, value]) => [name, isMember(value) ? withoutNulls(value) : value]));
}

function partitionText(value: JsonValue): string | null {
  if (value === null) return null;
  const text = typeof value === "object" ? stringifyJson(value) : String(value);
  return LOCAL_TIMESTAMP.test(text) ? text.replace("T", " ") : text;
}

/** In partitions a timestamp without a zone has a blank in the middle (Delta PROTOCOL, "Partition Value Serialization"). */
const LOCAL_TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}$/;
