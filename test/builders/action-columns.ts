import { stringifyJson, type JsonObject, type JsonValue } from "../../src/base/index.ts";
import type { ActionColumns, AddFile, CheckpointRows, RemoveFile, TextColumn } from "../../src/delta/index.ts";
import { addJson, removeJson } from "../../src/delta/log/action-json.ts";
import { vectorId } from "../../src/delta/log/vector-id.ts";

/** Files as the columns of a checkpoint. */
export function addColumnsOf(list: readonly AddFile[]): ActionColumns {
  return columnsOf(
    "adds",
    list.map((add) => addJson(add)),
  );
}

/** Removes as the columns of a checkpoint. */
export function removeColumnsOf(list: readonly RemoveFile[]): ActionColumns {
  return columnsOf(
    "removes",
    list.map((remove) => removeJson(remove)),
  );
}

const BATCH_ROWS = 1000;

/** Actions as an engine reads them: every other add and remove in columns, where all of its members are as they should be. */
export function* rowsAsRead(actions: readonly JsonObject[]): Generator<CheckpointRows> {
  const inColumns = new Set(actions.filter((action, index) => index % 2 === 0 && isUsual(action)));
  yield actions.filter((action) => !inColumns.has(action));
  for (const [name, kind] of [["add", "adds"] as const, ["remove", "removes"] as const]) {
    const files = [...inColumns].flatMap((action) => (isObject(action[name]) ? [action[name]] : []));
    for (let start = 0; start < files.length; start += BATCH_ROWS) {
      yield columnsOf(kind, files.slice(start, start + BATCH_ROWS));
    }
  }
}

function columnsOf(kind: ActionColumns["kind"], files: readonly JsonObject[]): ActionColumns {
  const isAdds = kind === "adds";
  return {
    kind,
    rows: files.length,
    uris: texts(files.map(({ path }) => String(path))),
    partitionValues: texts(files.map(({ partitionValues }) => objectText(partitionValues))),
    sizes: Float64Array.from(files, ({ size }) => numberOf(size)),
    times: Float64Array.from(files, (file) => numberOf(file[isAdds ? "modificationTime" : "deletionTimestamp"])),
    stats: texts(files.map(({ stats }) => (isAdds && typeof stats === "string" ? stats : undefined))),
    more: texts(files.map((file) => moreOf(file))),
    deletedRows: isAdds
      ? Float64Array.from(files, ({ deletionVector: vector }) =>
          isObject(vector) ? numberOf(vector["cardinality"]) : -1,
        )
      : new Float64Array(0),
    vectorIds: texts(
      files.map(({ deletionVector: vector }) =>
        isAdds || !isObject(vector)
          ? undefined
          : vectorId(vector as unknown as NonNullable<RemoveFile["deletionVector"]>),
      ),
    ),
  };
}

function isUsual({ add, remove }: JsonObject): boolean {
  const file = isObject(add) ? add : remove;
  if (!isObject(file) || typeof file["path"] !== "string") return false;
  const numbers = [file["size"], file["modificationTime"], file["deletionTimestamp"]];
  if (!numbers.every((number) => number === undefined || Number.isSafeInteger(number))) return false;
  return isObject(add) ? numberOf(add["size"]) >= 0 && numberOf(add["modificationTime"]) >= 0 : true;
}

const IN_COLUMNS = new Set(
  "path partitionValues size modificationTime deletionTimestamp dataChange stats extendedFileMetadata".split(" "),
);

/** With a member that is null, as an engine has it that knows of more members. */
function moreOf(file: JsonObject): string | undefined {
  const more = Object.entries(file).filter(([name]) => !IN_COLUMNS.has(name));
  if (file["dataChange"] === true) more.push(["dataChange", true]);
  return more.length === 0 ? undefined : stringifyJson({ other: null, ...Object.fromEntries(more) });
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : Number.NaN;
}

function objectText(value: JsonValue | undefined): string | undefined {
  return isObject(value) ? stringifyJson(value) : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** With something between the texts, as a page of Parquet has it. */
function texts(values: readonly (string | undefined)[]): TextColumn {
  const parts: Buffer[] = [];
  const starts: number[] = [];
  let end = 0;
  for (const value of values) {
    const text = Buffer.from(value ?? "");
    parts.push(Buffer.from("????"), text);
    starts.push(end + 4);
    end += 4 + text.length;
  }
  const lengths = values.map((value) => (value === undefined ? -1 : Buffer.byteLength(value)));
  return { bytes: Buffer.concat(parts), starts: Uint32Array.from(starts), lengths: Int32Array.from(lengths) };
}
