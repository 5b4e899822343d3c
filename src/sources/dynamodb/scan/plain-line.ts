import { parseJson, stringifyJson, messageOf, type JsonObject, type JsonValue } from "../../../base/index.ts";
import { whyNoRecord, writeTimestamp, type LineKind, type RecordRules } from "./record-check.ts";
import { isObject } from "../columns/shapes.ts";

export type PlainLine =
  /** The same record in its plain spelling, and what the plain form has no place for. */
  | { readonly kind: "record"; readonly text: string; readonly extra: JsonObject | undefined }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads a line the slow and strict way. `isUtf8` is what is known of its bytes. */
export function plainLine(bytes: Buffer, rules: RecordRules): PlainLine {
  let line: JsonValue;
  try {
    line = parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    return { kind: "unreadable", reason: error instanceof SyntaxError ? messageOf(error) : "the line is not UTF-8" };
  }
  const reason = whyNoRecord(line, rules);
  if (reason !== undefined || !isObject(line)) return { kind: "unreadable", reason: reason ?? "no object" };
  return rules.kind === "full" ? plainItem(line) : plainChange(line, rules.kind);
}

const CHANGE_MEMBERS = ["Keys", "NewImage", "OldImage"];

function plainItem(line: JsonObject): PlainLine {
  const others = membersBeside(line, ["Item"]);
  return record(member("Item", line["Item"]), others === undefined ? undefined : { members: others });
}

function plainChange(line: JsonObject, kind: LineKind): PlainLine {
  const time = writeTimestamp(line["Metadata"]) ?? "";
  const metadata = `"Metadata":{"WriteTimestampMicros":{"N":"${time}"}}`;
  const members = CHANGE_MEMBERS.filter((name) => line[name] !== undefined).map((name) => member(name, line[name]));
  const frame = kind === "stream" ? [member("Stream", line["Stream"])] : [];
  const others = membersBeside(line, ["Metadata", ...CHANGE_MEMBERS, ...(kind === "stream" ? ["Stream"] : [])]);
  const isOrdinary = member("Metadata", line["Metadata"]) === metadata;
  const extra = Object.create(null) as JsonObject;
  if (!isOrdinary) extra["metadata"] = line["Metadata"] ?? null;
  if (others !== undefined) extra["members"] = others;
  return record([...frame, metadata, ...members].join(","), Object.keys(extra).length === 0 ? undefined : extra);
}

function record(members: string, extra: JsonObject | undefined): PlainLine {
  return { kind: "record", text: `{${members}}\n`, extra };
}

function member(name: string, value: JsonValue | undefined): string {
  return `${JSON.stringify(name)}:${stringifyJson(value)}`;
}

function membersBeside(line: JsonObject, expected: readonly string[]): JsonObject | undefined {
  const others: JsonObject = Object.create(null) as JsonObject;
  for (const name of Object.keys(line)) if (!expected.includes(name)) others[name] = line[name] ?? null;
  return Object.keys(others).length === 0 ? undefined : others;
}
