import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBStructType, type DuckDBType } from "../duckdb-api.ts";
import { rowsOfColumns, type AddColumns } from "../../../delta/index.ts";
import { quoteIdentifier } from "../../sql-text.ts";
import { numberVector, textVector } from "../text-vector.ts";

/** How the usual adds of a checkpoint are read in columns, and which rows are such. */
export interface ColumnarAdds {
  /** SQL over the checkpoint's columns, true for a row that is an add whose every member is valid and fits in here. */
  readonly isUsual: string;
  /** Columns to select, in order: `addColumns` takes them from where the first one ended up. */
  readonly columns: readonly string[];
}

const WHOLE_MAX = Number.MAX_SAFE_INTEGER;
const IN_COLUMNS = new Set(["path", "partitionValues", "size", "modificationTime", "dataChange", "stats"]);

/** undefined where the column of adds is of another form than we know: then its rows are read one by one. */
export function columnarAdds(type: DuckDBStructType): ColumnarAdds | undefined {
  const members = membersOf(type);
  const more = [...members].filter(([name]) => !IN_COLUMNS.has(name) && !name.endsWith("_parsed"));
  if (!isKnown(members) || !more.every(([name, member]) => isKnownMember(name, member))) return undefined;
  const has = (name: string): boolean => members.has(name);
  const changes = has("dataChange") ? `coalesce(${sqlOf("dataChange")}, true)` : "true";
  const others = more.map(([name]) => `${sqlOf(name)} IS NOT NULL`);
  const inMore = [...more.map(([name]) => name), "dataChange"].map((name) => {
    const value = name === "dataChange" ? `CASE WHEN ${changes} THEN true END` : sqlOf(name);
    return `${quoteIdentifier(name)} := ${value}`;
  });
  const vector = `${sqlOf("deletionVector")}.`;
  return {
    isUsual: `coalesce(${usualConditions(has).join(" AND ")}, false)`,
    columns: [
      sqlOf("path"),
      `to_json(${sqlOf("partitionValues")})::VARCHAR`,
      `coalesce(${sqlOf("size")}, 0)::DOUBLE`,
      has("modificationTime") ? `coalesce(${sqlOf("modificationTime")}, 0)::DOUBLE` : "0::DOUBLE",
      has("stats") ? sqlOf("stats") : "NULL::VARCHAR",
      `CASE WHEN ${[...others, changes].join(" OR ")} THEN to_json(struct_pack(${inMore.join(", ")}))::VARCHAR END`,
      has("deletionVector") ? `coalesce(${vector}cardinality, -1)::DOUBLE` : "-1::DOUBLE",
    ],
  };
}

function isKnown(members: ReadonlyMap<string, DuckDBType>): boolean {
  const isMissingOr = (name: string, isKind: (type: DuckDBType | undefined) => boolean): boolean =>
    !members.has(name) || isKind(members.get(name));
  return (
    isText(members.get("path")) &&
    isWhole(members.get("size")) &&
    isTextMap(members.get("partitionValues")) &&
    isMissingOr("stats", isText) &&
    isMissingOr("dataChange", isBoolean) &&
    isMissingOr("modificationTime", isWhole)
  );
}

function isKnownMember(name: string, type: DuckDBType): boolean {
  return name === "deletionVector" ? isVector(type) : isSimple(type);
}

/** The rows of a chunk as columns, whether or not they are usual. */
export function addColumns(chunk: DuckDBDataChunk, start: number): AddColumns {
  return {
    kind: "adds",
    rows: chunk.rowCount,
    uris: textVector(chunk, start),
    partitionValues: textVector(chunk, start + 1),
    sizes: numberVector(chunk, start + 2),
    modificationTimes: numberVector(chunk, start + 3),
    stats: textVector(chunk, start + 4),
    more: textVector(chunk, start + 5),
    deletedRows: numberVector(chunk, start + 6),
  };
}

/** Columns without some of their rows, which are given in order. */
export function without(columns: AddColumns, rows: readonly number[]): AddColumns {
  if (rows.length === 0) return columns;
  const left = new Set(rows);
  const kept = Array.from({ length: columns.rows }, (_, row) => row).filter((row) => !left.has(row));
  return rowsOfColumns(columns, kept);
}

/** What the log's own reader would find fault with, it is to find itself. */
function usualConditions(has: (name: string) => boolean): readonly string[] {
  const conditions = [`${sqlOf("path")} IS NOT NULL`, `${sqlOf("size")} BETWEEN 0 AND ${WHOLE_MAX}`];
  if (has("modificationTime")) {
    conditions.push(`coalesce(${sqlOf("modificationTime")}, 0) BETWEEN -${WHOLE_MAX} AND ${WHOLE_MAX}`);
  }
  if (!has("deletionVector")) return conditions;
  const vector = sqlOf("deletionVector");
  const isCount = (sql: string): string => `${sql} BETWEEN 0 AND ${WHOLE_MAX}`;
  conditions.push(
    `(${vector} IS NULL OR (${vector}.storageType IN ('u', 'i', 'p') AND ${vector}.pathOrInlineDv IS NOT NULL` +
      ` AND ${isCount(`${vector}.sizeInBytes`)} AND ${isCount(`${vector}.cardinality`)}` +
      ` AND ${isCount(`coalesce(${vector}."offset", 0)`)}))`,
  );
  return conditions;
}

function sqlOf(member: string): string {
  return `"add".${quoteIdentifier(member)}`;
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
