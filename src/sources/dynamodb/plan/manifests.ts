import { createHash } from "node:crypto";
import { SluiceError, messageOf, parseJson, type JsonObject, type JsonValue } from "../../../base/index.ts";
import { dataFilePath } from "./data-path.ts";
import { isObject } from "../columns/shapes.ts";

/** What `manifest-summary.json` says of a finished export (AWS, "DynamoDB table export output format"). */
export interface ExportSummary {
  readonly tableId: string;
  readonly itemCount: number;
  readonly content:
    | { readonly kind: "full"; readonly time: string }
    /** `from` belongs to the window, `to` does not. Times are ISO texts of one form, which compare as times do. */
    | { readonly kind: "window"; readonly from: string; readonly to: string; readonly view: WindowView };
}

export type WindowView = "NEW_AND_OLD_IMAGES" | "NEW_IMAGE";

/** One line of `manifest-files.json`. */
export interface DataFile {
  /** Relative to the export folder's root. */
  readonly path: string;
  readonly records: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** The summary of an export of the table `ours`, or the name of the other table that it is of, whose summary is no matter here. */
export function parseSummary(
  bytes: Uint8Array,
  path: string,
  ours: string,
): ExportSummary | { readonly otherTable: string } {
  const summary = parseObject(decode(bytes), path);
  const table = /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\/([^/]+)$/.exec(textOf(summary, "tableArn", path))?.[1];
  if (table === undefined) refuse(path, "tableArn names no table");
  if (table !== ours) return { otherTable: table };
  const format = textOf(summary, "outputFormat", path);
  if (format !== "DYNAMODB_JSON") {
    throw new SluiceError(
      "source.invalid",
      "Cannot read an export: only the output format DYNAMODB_JSON is supported",
      {
        facts: { file: path, format },
        advice: "Export the table again with output format DYNAMODB_JSON.",
      },
    );
  }
  return {
    tableId: textOf(summary, "tableId", path),
    itemCount: countOf(summary, "itemCount", path),
    content: contentOf(summary, path),
  };
}

/** `root` is the folder that holds `AWSDynamoDB/`, with a slash behind it, or empty. */
export function parseDataFiles(bytes: Uint8Array, path: string, root: string): readonly DataFile[] {
  const seen = new Set<string>();
  const lines = decode(bytes).split("\n").filter((line) => line.trim() !== ""); // prettier-ignore
  return lines.map((line) => {
    const entry = parseObject(line, path);
    const dataPath = dataFilePath(textOf(entry, "dataFileS3Key", path), root, path);
    if (seen.has(dataPath)) refuse(path, "it names a file twice", { data: dataPath });
    seen.add(dataPath);
    return { path: dataPath, records: countOf(entry, "itemCount", path), md5: md5Of(entry, path) };
  });
}

/** Fails unless the text of a `.md5` file (base64) is the checksum of a manifest. */
export function checkManifest(manifest: Uint8Array, md5: Uint8Array, path: string): void {
  const actual = createHash("md5").update(manifest).digest("base64");
  const expected = decode(md5).trim();
  if (actual !== expected) refuse(path, "its bytes are not those of its md5 file", { md5: actual, expected });
}

function contentOf(summary: JsonObject, path: string): ExportSummary["content"] {
  const type =
    summary["exportType"] ?? (summary["exportFromTime"] === undefined ? "FULL_EXPORT" : "INCREMENTAL_EXPORT");
  if (type === "FULL_EXPORT") return { kind: "full", time: timeOf(summary, "exportTime", path) };
  if (type !== "INCREMENTAL_EXPORT") refuse(path, "it has an unknown exportType");
  const from = timeOf(summary, "exportFromTime", path);
  const to = timeOf(summary, "exportToTime", path);
  if (from >= to) refuse(path, "its window ends before it begins", { from, to });
  const view = summary["outputView"] ?? "NEW_AND_OLD_IMAGES";
  if (view !== "NEW_AND_OLD_IMAGES" && view !== "NEW_IMAGE") refuse(path, "it has an unknown outputView");
  return { kind: "window", from, to, view };
}

const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,3})0*)?Z$/;

function timeOf(object: JsonObject, name: string, path: string): string {
  const text = textOf(object, name, path);
  const match = TIME.exec(text);
  const time = `${match?.[1]}.${(match?.[2] ?? "").padEnd(3, "0")}Z`;
  // Five minutes are taken off the time, which must stay after 1970.
  if (match === null || !(Date.parse(time) >= 300_000)) refuse(path, `${name} is no time in UTC`, { value: text });
  return time;
}

function textOf(object: JsonObject, name: string, path: string): string {
  const value = object[name];
  if (typeof value !== "string" || value === "") refuse(path, `it has no text ${name}`);
  return value;
}

function countOf(object: JsonObject, name: string, path: string): number {
  const value = object[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) refuse(path, `it has no count ${name}`);
  return value;
}

function md5Of(entry: JsonObject, path: string): string {
  const bytes = Buffer.from(textOf(entry, "md5Checksum", path), "base64");
  if (bytes.length !== 16) refuse(path, "an md5Checksum is no MD5 in base64");
  return bytes.toString("hex");
}

function parseObject(text: string, path: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (error) {
    return refuse(path, `it is no JSON: ${messageOf(error)}`);
  }
  return isObject(value) ? value : refuse(path, "it is no JSON object");
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function refuse(path: string, why: string, facts: Readonly<Record<string, string>> = {}): never {
  throw new SluiceError("source.corrupt", `Cannot read an export's manifest: ${why}`, {
    facts: { file: path, ...facts },
  });
}
