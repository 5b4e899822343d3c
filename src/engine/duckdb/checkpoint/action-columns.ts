import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBStructType, type DuckDBType } from "../duckdb-api.ts";
import { rowsOfColumns, type ActionColumns, type TextColumn } from "../../../delta/index.ts";
import { quoteIdentifier } from "../../sql-text.ts";
import { numberVector, textVector } from "../text-vector.ts";

/** Actions of files by the checkpoint's column that they stand in. */
export type FileAction = "add" | "remove";

/** How the usual adds or removes of a checkpoint are read in columns, and which rows are such. */
export interface ColumnarActions {
  readonly name: FileAction;
  /** SQL over the checkpoint's columns, true for a row that is such an action whose every member is valid and fits in here. */
  readonly isUsual: string;
  /** Columns to select, in order: `actionColumns` takes them from where the first one ended up. */
  readonly columns: readonly string[];
}

const WHOLE_MAX = Number.MAX_SAFE_INTEGER;
const NO_NUMBER = "'nan'::DOUBLE";

/** The members that have columns of their own, those that must be there, and those that nobody asks for. */
const MEMBERS = {
  add: {
    time: "modificationTime",
    inColumns: new Set(["path", "partitionValues", "size", "modificationTime", "dataChange", "stats"]),
    required: ["size", "partitionValues"],
    leftOut: new Set<string>(),
  },
  remove: {
    time: "deletionTimestamp",
    inColumns: new Set(["path", "partitionValues", "size", "deletionTimestamp", "dataChange"]),
    required: [],
    leftOut: new Set(["extendedFileMetadata", "stats", "tags"]),
  },
} as const;

/** undefined where the column is of another form than we know: then its rows are read one by one. */
export function columnarActions(name: FileAction, type: DuckDBStructType): ColumnarActions | undefined {
  const members = membersOf(type);
  const { inColumns, leftOut, time } = MEMBERS[name];
  const more = [...members].filter(
    ([member]) => !inColumns.has(member) && !leftOut.has(member) && !member.endsWith("_parsed"),
  );
  if (!isKnown(name, members) || !more.every(([member, its]) => isKnownMember(member, its))) return undefined;
  const has = (member: string): boolean => members.has(member);
  const sqlOf = (member: string): string => memberSql(name, member);
  const changes = has("dataChange") ? `coalesce(${sqlOf("dataChange")}, true)` : "true";
  const others = more.map(([member]) => `${sqlOf(member)} IS NOT NULL`);
  const inMore = [...more.map(([member]) => member), "dataChange"].map((member) => {
    const value = member === "dataChange" ? `CASE WHEN ${changes} THEN true END` : sqlOf(member);
    return `${quoteIdentifier(member)} := ${value}`;
  });
  // What an add leaves out is 0; a remove may not know it.
  const numberOf = (member: string): string => {
    const missing = name === "add" ? "0::DOUBLE" : NO_NUMBER;
    return has(member) ? `coalesce(${sqlOf(member)}::DOUBLE, ${missing})` : missing;
  };
  const vector = has("deletionVector") ? sqlOf("deletionVector") : undefined;
  return {
    name,
    isUsual: `coalesce(${usualConditions(name, has).join(" AND ")}, false)`,
    columns: [
      sqlOf("path"),
      has("partitionValues") ? `to_json(${sqlOf("partitionValues")})::VARCHAR` : "NULL::VARCHAR",
      numberOf("size"),
      numberOf(time),
      `CASE WHEN ${[...others, changes].join(" OR ")} THEN to_json(struct_pack(${inMore.join(", ")}))::VARCHAR END`,
      ...(name === "add"
        ? [
            has("stats") ? sqlOf("stats") : "NULL::VARCHAR",
            vector === undefined ? "-1::DOUBLE" : `coalesce(${vector}.cardinality, -1)::DOUBLE`,
          ]
        : [vector === undefined ? "NULL::VARCHAR" : vectorId(vector)]),
    ],
  };
}

/** Delta PROTOCOL, "Deletion Vector Descriptor Schema": what tells two of them apart. */
function vectorId(vector: string): string {
  return `${vector}.storageType || ${vector}.pathOrInlineDv || coalesce('@' || ${vector}."offset", '')`;
}

function isKnown(name: FileAction, members: ReadonlyMap<string, DuckDBType>): boolean {
  const isMissingOr = (member: string, isKind: (type: DuckDBType | undefined) => boolean): boolean =>
    !members.has(member) || isKind(members.get(member));
  const { time, required } = MEMBERS[name];
  return (
    required.every((member) => members.has(member)) &&
    isText(members.get("path")) &&
    isMissingOr("size", isWhole) &&
    isMissingOr("partitionValues", isTextMap) &&
    (name === "remove" || isMissingOr("stats", isText)) &&
    isMissingOr("dataChange", isBoolean) &&
    isMissingOr(time, isWhole)
  );
}

function isKnownMember(name: string, type: DuckDBType): boolean {
  return name === "deletionVector" ? isVector(type) : isSimple(type);
}

const NO_TEXTS: TextColumn = { bytes: new Uint8Array(0), starts: new Uint32Array(0), lengths: new Int32Array(0) };
const NO_NUMBERS = new Float64Array(0);

/** The rows of a chunk as columns, whether or not they are usual. */
export function actionColumns(chunk: DuckDBDataChunk, name: FileAction, start: number): ActionColumns {
  const isAdd = name === "add";
  return {
    kind: isAdd ? "adds" : "removes",
    rows: chunk.rowCount,
    uris: textVector(chunk, start),
    partitionValues: textVector(chunk, start + 1),
    sizes: numberVector(chunk, start + 2),
    times: numberVector(chunk, start + 3),
    more: textsOrNone(textVector(chunk, start + 4)),
    stats: isAdd ? textVector(chunk, start + 5) : NO_TEXTS,
    deletedRows: isAdd ? numberVector(chunk, start + 6) : NO_NUMBERS,
    vectorIds: isAdd ? NO_TEXTS : textsOrNone(textVector(chunk, start + 5)),
  };
}

/** Of a million rows, places without a text are some megabytes, too. */
function textsOrNone(column: TextColumn): TextColumn {
  return column.lengths.every((length) => length < 0) ? NO_TEXTS : column;
}

/** Columns without some of their rows, which are given in order. */
export function without(columns: ActionColumns, rows: readonly number[]): ActionColumns {
  if (rows.length === 0) return columns;
  const left = new Set(rows);
  const kept = Array.from({ length: columns.rows }, (_, row) => row).filter((row) => !left.has(row));
  return rowsOfColumns(columns, kept);
}

/** What the log's own reader would find fault with, it is to find itself. */
function usualConditions(name: FileAction, has: (member: string) => boolean): readonly string[] {
  const sqlOf = (member: string): string => memberSql(name, member);
  const isWholeNumber = (member: string): string =>
    `coalesce(${sqlOf(member)}, 0) BETWEEN -${WHOLE_MAX} AND ${WHOLE_MAX}`;
  const { time } = MEMBERS[name];
  const conditions = [`${sqlOf("path")} IS NOT NULL`];
  if (name === "add") conditions.push(isCount(sqlOf("size")));
  else if (has("size")) conditions.push(isWholeNumber("size"));
  if (has(time)) conditions.push(isWholeNumber(time));
  if (!has("deletionVector")) return conditions;
  const vector = sqlOf("deletionVector");
  conditions.push(
    `(${vector} IS NULL OR (${vector}.storageType IN ('u', 'i', 'p') AND ${vector}.pathOrInlineDv IS NOT NULL` +
      ` AND ${isCount(`${vector}.sizeInBytes`)} AND ${isCount(`${vector}.cardinality`)}` +
      ` AND ${isCount(`coalesce(${vector}."offset", 0)`)}))`,
  );
  return conditions;
}

function isCount(sql: string): string {
  return `${sql} BETWEEN 0 AND ${WHOLE_MAX}`;
}

function memberSql(name: FileAction, member: string): string {
  return `${quoteIdentifier(name)}.${quoteIdentifier(member)}`;
}

function membersOf(type: DuckDBStructType): ReadonlyMap<string, DuckDBType> {
  const members = new Map<string, DuckDBType>();
  for (const [index, name] of type.entryNames.entries()) {
    const member = type.entryTypes[index];
    if (member !== undefined) members.set(name, member);
  }
  return members;
}

function isVector(type: DuckDBType | undefined): boolean {
  if (type?.typeId !== DuckDBTypeId.STRUCT) return false;
  const members = membersOf(type);
  return (
    ["storageType", "pathOrInlineDv"].every((name) => isText(members.get(name))) &&
    ["offset", "sizeInBytes", "cardinality"].every((name) => isWhole(members.get(name))) &&
    members.size === 5
  );
}

/** A type of which nothing is lost on the way through JSON. */
function isSimple(type: DuckDBType): boolean {
  return isText(type) || isWhole(type) || isTextMap(type) || isBoolean(type);
}

function isBoolean(type: DuckDBType | undefined): boolean {
  return type?.typeId === DuckDBTypeId.BOOLEAN;
}

function isText(type: DuckDBType | undefined): boolean {
  return type?.typeId === DuckDBTypeId.VARCHAR;
}

function isWhole(type: DuckDBType | undefined): boolean {
  return type?.typeId === DuckDBTypeId.BIGINT || type?.typeId === DuckDBTypeId.INTEGER;
}

function isTextMap(type: DuckDBType | undefined): boolean {
  return type?.typeId === DuckDBTypeId.MAP && isText(type.keyType) && isText(type.valueType);
}
