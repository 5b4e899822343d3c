import { isStruct, type StructField, type StructType } from "../../../../contract/index.ts";
import type { Row, Value } from "../../../../engine/index.ts";
import { NoRecord } from "../../envelope/read-envelope.ts";
import { jsonText, objectText } from "./attribute-values.ts";
import { LayoutFlaw, shownType } from "./layout-flaw.ts";
import { INNER, OUTER, folded, innerMember, missing, outerMember, type LayoutOptions } from "./record-members.ts";
import { CASE_ADVICE } from "./known-names.ts";

/** The record of a row as JSON text, as Kinesis or DynamoDB Streams gave it. Fails with `NoRecord`. */
export type RecordReader = (row: Row) => string;

/**
 * How records are read out of a file with these columns: one column of the whole record as text, the record's members as columns with
 * `dynamodb` as a struct or as text, or all of them flat. Names of the record's own members may be in lower case.
 * Fails with `LayoutFlaw` where a change could not be read as it was.
 */
export function recordReader({ fields }: StructType, options: LayoutOptions): RecordReader {
  const [only, ...others] = fields;
  if (others.length === 0 && only?.type === "string" && !OUTER.has(only.name.toLowerCase())) {
    return (row) => wholeRecord(row[only.name] ?? null, only.name);
  }
  const outer = byName(fields, "the file");
  const change = outer.get("dynamodb");
  const around = fields.filter((field) => field !== change && (change !== undefined || !INNER.has(folded(field))));
  requireColumns(outer, ["eventname", "useridentity"], "");
  if (!outer.has("tablename") && !outer.has("eventsourcearn")) throw missing(["tableName"]);
  const envelope = around.map((field) => outerMember(field));
  const inner = changeReader(change, fields, options);
  return (row) => {
    const said = objectText(row, envelope).slice(0, -1);
    const text = inner(row);
    return text === undefined ? `${said}}` : `${said}${said === "{" ? "" : ","}"dynamodb":${text}}`;
  };
}

function byName(fields: readonly StructField[], where: string): ReadonlyMap<string, StructField> {
  const found = new Map<string, StructField>();
  for (const field of fields) {
    if (found.has(folded(field))) {
      throw new LayoutFlaw(`${where} has two columns called ${folded(field)}`, "Declare each column once.");
    }
    found.set(folded(field), field);
  }
  return found;
}

function requireColumns(found: ReadonlyMap<string, StructField>, names: readonly string[], before: string): void {
  const lacking = names.filter((name) => !found.has(name));
  const spelt = lacking.map((name) => before + (OUTER.get(name) ?? INNER.get(name))?.name);
  if (lacking.length > 0) throw missing(spelt);
}

/** Gives undefined where a row has none. */
function changeReader(
  change: StructField | undefined,
  flat: readonly StructField[],
  options: LayoutOptions,
): (row: Row) => string | undefined {
  if (change?.type === "string") {
    return (row) => {
      const value = row[change.name] ?? null;
      return value === null ? undefined : changeText(jsonText(value, change.name, "{"));
    };
  }
  if (change !== undefined && !isStruct(change.type)) {
    throw new LayoutFlaw(
      `${change.name} is ${shownType(change.type)}, and holds no change`,
      "Declare it as a struct of Keys, NewImage, OldImage and the other members, or as `string`.",
    );
  }
  const fields = change !== undefined && isStruct(change.type) ? change.type.fields : flat.filter((field) => INNER.has(folded(field))); // prettier-ignore
  const columns = byName(fields, change?.name ?? "the file");
  const before = change === undefined ? "" : `${change.name}.`;
  requireColumns(columns, ["approximatecreationdatetime", "keys", "newimage"], before);
  const members = fields.map((field) => innerMember(field, before, options));
  const check = checkedChange(flat, columns);
  return (row) => {
    const value: Value = change === undefined ? row : (row[change.name] ?? null);
    if (value === null) return undefined;
    check(row, value as Row);
    return objectText(value, members);
  };
}

/** Text that has kept the spelling of names has them as DynamoDB writes them. */
function changeText(text: string): string {
  const names = Object.keys(JSON.parse(text) as object);
  const lowered = names.find((name) => INNER.has(name) && INNER.get(name)?.name !== name);
  if (lowered === undefined) return text;
  throw new LayoutFlaw(`the JSON text in dynamodb has its names in lower case (${lowered})`, CASE_ADVICE);
}

function wholeRecord(value: Value, where: string): string {
  if (value === null) throw new NoRecord(`${where} is empty`);
  const text = jsonText(value, where, "{");
  const record = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(record, "eventname")) {
    throw new LayoutFlaw(`the JSON text in ${where} has its names in lower case (eventname)`, CASE_ADVICE);
  }
  return text;
}

/** Above it a time without a precision does not count seconds, as times of DynamoDB Streams do. */
const SECONDS_MAX = 1e11;

/** What a row must say that the members one by one do not show. */
function checkedChange(
  outer: readonly StructField[],
  inner: ReadonlyMap<string, StructField>,
): (row: Row, change: Row) => void {
  const nameOf = (name: string): string => inner.get(name)?.name ?? "";
  const [time, image, number] = [nameOf("approximatecreationdatetime"), nameOf("newimage"), nameOf("sequencenumber")];
  const operation = outer.find((field) => folded(field) === "eventname")?.name ?? "";
  return (row, change) => {
    if (number === "" && Number(change[time] ?? Infinity) < SECONDS_MAX) {
      throw new LayoutFlaw(
        "its changes are of DynamoDB Streams, and it has no column SequenceNumber, which alone tells their order",
        "Declare SequenceNumber as `string` in the Glue table. Files that are there already can be delivered again as JSON.",
      );
    }
    // Kinesis Data Streams for DynamoDB has both images always.
    const isKinesis = number === "" || (change[number] ?? null) === null;
    if (isKinesis && (change[image] ?? null) === null && row[operation] !== "REMOVE") {
      throw new NoRecord("NewImage is empty, though the change is no delete");
    }
  };
}
