import type { StructType } from "../../contract/index.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf, type Relation } from "../../engine/index.ts";
import { EVENT_COLUMNS, isScalarList, stagedName } from "./scan/staged-columns.ts";
import type { Shape } from "./columns/shapes.ts";

const STAGED = "staged";

/** Staged files as Bronze rows (SQL in DuckDB's dialect): the contract columns but those of the batch, then the record's. */
export function bronzeRelation(
  files: readonly string[],
  table: string,
  schema: StructType,
  shapes: ReadonlyMap<string, Shape>,
): Relation {
  const columns = schema.fields.flatMap(({ name, type }) => {
    const shape = shapes.get(name);
    const contract = CONTRACT.get(name);
    if (contract !== undefined) return [`${contract(table)} AS ${quoteIdentifier(name)}`];
    if (shape === undefined) return [];
    if (shape.tag === "foreign") return [`CAST(NULL AS ${sqlTypeOf(type)}) AS ${quoteIdentifier(name)}`];
    return [`${valueOf([name], shape)} AS ${quoteIdentifier(name)}`];
  });
  return {
    sql: `SELECT ${columns.join(",\n  ")}\nFROM ${quoteIdentifier(STAGED)}`,
    inputs: { [STAGED]: { kind: "parquet", files } },
  };
}

const column = (name: keyof typeof EVENT_COLUMNS): string => quoteIdentifier(EVENT_COLUMNS[name].name);

/** A map: an attribute may be called `constructor`. */
const CONTRACT: ReadonlyMap<string, (table: string) => string> = new Map(
  Object.entries<(table: string) => string>({
    _event_id: () => `${column("event")} || coalesce(${column("key")}, '')`,
    _op: () => column("operation"),
    _key: () => column("key"),
    _sequence: () => column("sequence"),
    _source_ts: () => column("time"),
    _source_system: () => "'dynamodb'",
    _source_table: (table) => quoteLiteral(table),
    _ingest_file: () => column("file"),
    _before: () => column("before"),
    // Two JSON objects in one: the closing brace of the first and the opening one of the second make way for a comma.
    _source_meta: () => {
      const [meta, extra] = [column("meta"), column("extra")];
      return `CASE WHEN ${extra} IS NULL THEN ${meta} ELSE left(${meta}, -1) || ',' || substr(${extra}, 2) END`;
    },
    _rescued: () => column("rescued"),
  }),
);

function valueOf(path: readonly string[], shape: Shape): string {
  const staged = quoteIdentifier(stagedName(path));
  if (shape.tag === "N" && shape.type !== "string") return `CAST(${staged} AS ${sqlTypeOf(shape.type)})`;
  if (shape.tag === "M") {
    const members = [...shape.members].map(([name, member]) => `${quoteIdentifier(name)} := ${valueOf([...path, name], member)}`); // prettier-ignore
    return `CASE WHEN ${staged} THEN struct_pack(${members.join(", ")}) END`;
  }
  if (shape.tag === "L" && !isScalarList(shape)) {
    const typed = `from_json(${staged}, ${quoteLiteral(JSON.stringify(jsonType(shape)))})`;
    return hasBinary(shape) ? decoded(typed, shape, 0) : typed;
  }
  return staged;
}

type JsonType = string | readonly JsonType[] | { readonly [name: string]: JsonType };

/** The type that `from_json` is asked for; binary is text there still. */
function jsonType(shape: Shape): JsonType {
  if (shape.tag === "L") return [shape.element === undefined ? "VARCHAR" : jsonType(shape.element)];
  if (shape.tag === "M") {
    return Object.fromEntries([...shape.members].map(([name, member]) => [name, jsonType(member)]));
  }
  if (shape.tag === "SS" || shape.tag === "NS" || shape.tag === "BS") return ["VARCHAR"];
  return shape.tag === "BOOL" ? "BOOLEAN" : "VARCHAR";
}

function hasBinary(shape: Shape): boolean {
  if (shape.tag === "L") return shape.element !== undefined && hasBinary(shape.element);
  if (shape.tag === "M") return [...shape.members.values()].some(hasBinary);
  return shape.tag === "B" || shape.tag === "BS";
}

/** The value with its base64 texts turned into bytes, wherever they are. */
function decoded(value: string, shape: Shape, depth: number): string {
  if (!hasBinary(shape)) return value;
  if (shape.tag === "B") return `from_base64(${value})`;
  const item = quoteIdentifier(`item${depth}`);
  if (shape.tag === "BS") return `list_transform(${value}, lambda ${item}: from_base64(${item}))`;
  if (shape.tag === "L" && shape.element !== undefined) {
    return `list_transform(${value}, lambda ${item}: ${decoded(item, shape.element, depth + 1)})`;
  }
  if (shape.tag !== "M") return value;
  const members = [...shape.members].map(
    ([name, member]) =>
      `${quoteIdentifier(name)} := ${decoded(`struct_extract(${value}, ${quoteLiteral(name)})`, member, depth)}`,
  );
  return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${members.join(", ")}) END`;
}
