import {
  isArray,
  isReservedName,
  isStruct,
  type DataType,
  type PrimitiveName,
  type StructField,
  type StructType,
} from "../../contract/index.ts";
import { quoteIdentifier, quoteLiteral, sqlTypeOf, valueFromText } from "../../engine/index.ts";

/** SQL of a value of the declared type, and SQL that is true where the source has a value that does not fit the type. */
export interface ColumnValue {
  readonly value: string;
  readonly misfit: string;
}

/** SQL of what was rescued of an attribute: the tagged value at its path as JSON, and whether the attribute was rescued at all. */
export interface RescuedValue {
  readonly json: string;
  readonly isThere: string;
}

/**
 * Names for parts of a column's SQL: what `text` is given is computed first, then what `value` is given, then the column.
 * Without a name a part stands wherever it is read, a dozen times for a decimal, and is planned as often.
 */
export interface Steps {
  readonly text: (sql: string) => string;
  readonly value: (sql: string) => string;
}

const IN_PLACE: Steps = { text: (sql) => sql, value: (sql) => sql };

/** `rescued` is SQL of a JSON object `{attribute: {tag: value}}`. */
export function rescuedValue(path: readonly string[], rescued: string): RescuedValue {
  return {
    json: `json_extract(${rescued}, ${quoteLiteral(pointerTo(path))})`,
    isThere: `${rescued} IS NOT NULL AND json_exists(${rescued}, ${quoteLiteral(pointerTo(path.slice(0, 1)))})`,
  };
}

/**
 * Reads one attribute of a Bronze row as a declared type: from its column or, where it was rescued, from `_rescued`, so that
 * the value does not depend on which of the two it went to.
 */
export function columnValue(
  path: readonly string[],
  type: DataType,
  bronze: StructType,
  rescued: RescuedValue & { readonly steps?: Steps },
): ColumnValue {
  const found = locate(path, bronze);
  if (isReadAsText(found?.field.type, type)) return valueOfText(found, type, rescued, rescued.steps ?? IN_PLACE);
  const fromRescue = taggedValue(rescued.json, type);
  if (found === undefined) {
    return { value: fromRescue.value, misfit: `coalesce(${fromRescue.misfit}, false)` };
  }
  const fromColumn = typedValue(found.sql, found.field.type, type);
  return {
    value: `CASE WHEN ${rescued.isThere} THEN ${fromRescue.value} ELSE ${fromColumn.value} END`,
    misfit: `coalesce(CASE WHEN ${rescued.isThere} THEN ${fromRescue.misfit} ELSE ${fromColumn.misfit} END, false)`,
  };
}

/** JSON pointer (RFC 6901) to the tagged value of a path: members of a map attribute lie below its `M`. */
function pointerTo(path: readonly string[]): string {
  return path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("/M");
}

/** Whether the attribute is one text in either place: the usual column, a scalar that Bronze keeps as text or with another type. */
function isReadAsText(from: DataType | undefined, to: DataType): to is PrimitiveName {
  if (typeof to !== "string" || to === "binary") return false;
  if (from === undefined || from === "string") return true;
  return typeof from === "string" && from !== "binary" && from !== to;
}

function valueOfText(found: Located | undefined, to: PrimitiveName, rescued: RescuedValue, steps: Steps): ColumnValue {
  const tagged = taggedText(rescued.json);
  const text = steps.text(
    found === undefined
      ? tagged
      : `CASE WHEN ${rescued.isThere} THEN ${tagged} ELSE ${columnText(found.sql, found.field.type)} END`,
  );
  const untagged = missingTag(rescued.json, TEXT_TAGS);
  if (to === "string") return { value: text, misfit: anyOf([untagged]) };
  const value = steps.value(valueFromText(text, to));
  return { value, misfit: anyOf([untagged, `(${text} IS NOT NULL AND ${value} IS NULL)`]) };
}

interface Located {
  readonly sql: string;
  readonly field: StructField;
}

function locate(path: readonly string[], bronze: StructType): Located | undefined {
  // A contract column is not an attribute: a record's attribute of that name was rescued.
  let fields: readonly StructField[] = bronze.fields.filter((one) => !isReservedName(one.name));
  let sql = "";
  let found: StructField | undefined;
  for (const name of path) {
    found = fields.find((one) => one.name === name);
    if (found === undefined) return undefined;
    sql = sql === "" ? quoteIdentifier(name) : `${sql}[${quoteLiteral(name)}]`;
    fields = isStruct(found.type) ? found.type.fields : [];
  }
  return found === undefined ? undefined : { sql, field: found };
}

const NEVER = "false";

/** From a Bronze column's own type. */
function typedValue(sql: string, from: DataType, to: DataType, depth = 0): ColumnValue {
  if (typeof to === "string") return scalarOfTyped(sql, from, to);
  const item = `x${depth}`;
  if (isArray(to)) {
    if (!isArray(from)) return nothingFits(sql, to);
    const inner = typedValue(item, from.elementType, to.elementType, depth + 1);
    return eachItem(sql, item, inner);
  }
  if (isStruct(to)) {
    if (!isStruct(from)) return nothingFits(sql, to);
    return eachMember(sql, to, (member) => {
      const source = from.fields.find((one) => one.name === member.name);
      if (source === undefined) return { value: nullOf(member.type), misfit: NEVER };
      return typedValue(`${sql}[${quoteLiteral(member.name)}]`, source.type, member.type, depth + 1);
    });
  }
  if (!isStruct(from)) return nothingFits(sql, to);
  return mapOfStruct(sql, from, to, depth);
}

function mapOfStruct(
  sql: string,
  from: StructType,
  to: Extract<DataType, { type: "map" }>,
  depth: number,
): ColumnValue {
  if (to.keyType !== "string") return nothingFits(sql, to);
  const members = from.fields.map((member) => {
    const source = `${sql}[${quoteLiteral(member.name)}]`;
    return { name: member.name, source, ...typedValue(source, member.type, to.valueType, depth + 1) };
  });
  const entries = members.map(
    (one) => `{'k': CASE WHEN ${one.source} IS NOT NULL THEN ${quoteLiteral(one.name)} END, 'v': ${one.value}}`,
  );
  const present = `list_filter([${entries.join(", ")}], lambda e${depth}: e${depth}.k IS NOT NULL)`;
  return {
    value: `CASE WHEN ${sql} IS NOT NULL THEN map_from_entries(${present}) END`,
    misfit: anyOf(members.map((one) => one.misfit)),
  };
}

function scalarOfTyped(sql: string, from: DataType, to: PrimitiveName): ColumnValue {
  if (typeof from !== "string") return nothingFits(sql, to);
  if (from === to) return { value: sql, misfit: NEVER };
  if (from === "binary") return nothingFits(sql, to);
  const value = valueFromText(columnText(sql, from), to);
  return { value, misfit: to === "string" ? NEVER : `(${sql} IS NOT NULL AND ${value} IS NULL)` };
}

function columnText(sql: string, from: DataType): string {
  return from === "string" ? sql : `CAST(${sql} AS VARCHAR)`;
}

/** From DynamoDB's own notation `{"S": "…"}`; absent and `{"NULL": true}` are NULL. */
function taggedValue(json: string, to: DataType, depth = 0): ColumnValue {
  if (typeof to === "string") return scalarOfTagged(json, to);
  const item = `j${depth}`;
  if (isArray(to)) return arrayOfTagged(json, item, to, depth);
  if (isStruct(to)) {
    const members = `json_extract(${json}, '/M')`;
    const built = eachMember(members, to, (member) =>
      taggedValue(`json_extract(${members}, ${quoteLiteral(pointerTo([member.name]))})`, member.type, depth + 1),
    );
    return { value: built.value, misfit: anyOf([missingTag(json, ["M"]), built.misfit]) };
  }
  const members = `json_extract(${json}, '/M')`;
  const value = `json_extract(${members}, '/' || replace(replace(${item}, '~', '~0'), '/', '~1'))`;
  const inner = taggedValue(value, to.valueType, depth + 1);
  if (to.keyType !== "string") return nothingFits(json, to);
  return {
    value: `CASE WHEN ${members} IS NOT NULL THEN map_from_entries(list_transform(json_keys(${members}), lambda ${item}: {'k': ${item}, 'v': ${inner.value}})) END`,
    misfit: anyOf([
      missingTag(json, ["M"]),
      `len(list_filter(json_keys(${members}), lambda ${item}: ${inner.misfit})) > 0`,
    ]),
  };
}

function arrayOfTagged(
  json: string,
  item: string,
  to: Extract<DataType, { type: "array" }>,
  depth: number,
): ColumnValue {
  const list = `from_json(json_extract(${json}, '/L'), '["JSON"]')`;
  const ofList = eachItem(list, item, taggedValue(item, to.elementType, depth + 1));
  const set = (tag: string): ColumnValue => {
    const texts = `from_json(json_extract(${json}, '/${tag}'), '["VARCHAR"]')`;
    if (typeof to.elementType !== "string") return nothingFits(texts, to);
    if (tag === "BS") {
      return to.elementType === "binary"
        ? { value: `list_transform(${texts}, lambda ${item}: from_base64(${item}))`, misfit: NEVER }
        : nothingFits(texts, to);
    }
    return eachItem(texts, item, scalarOfTyped(item, "string", to.elementType));
  };
  const all = [ofList, ...["SS", "NS", "BS"].map((tag) => set(tag))];
  return {
    value: `coalesce(${all.map((one) => one.value).join(", ")})`,
    misfit: anyOf([missingTag(json, ["L", "SS", "NS", "BS"]), ...all.map((one) => one.misfit)]),
  };
}

function scalarOfTagged(json: string, to: PrimitiveName): ColumnValue {
  if (to === "binary") {
    return { value: `from_base64(json_extract_string(${json}, '/B'))`, misfit: missingTag(json, ["B"]) };
  }
  const text = taggedText(json);
  const value = valueFromText(text, to);
  return { value, misfit: anyOf([missingTag(json, TEXT_TAGS), `(${text} IS NOT NULL AND ${value} IS NULL)`]) };
}

const TEXT_TAGS = ["S", "N", "BOOL"];

function taggedText(json: string): string {
  return `coalesce(${TEXT_TAGS.map((tag) => `json_extract_string(${json}, '/${tag}')`).join(", ")})`;
}

/** True where there is a value, not an explicit NULL, under none of these tags. */
function missingTag(json: string, tags: readonly string[]): string {
  const under = [...tags, "NULL"].map((tag) => `json_exists(${json}, '/${tag}')`).join(" OR ");
  return `(${json} IS NOT NULL AND NOT (${under}))`;
}

function eachItem(list: string, item: string, inner: ColumnValue): ColumnValue {
  return {
    value: `list_transform(${list}, lambda ${item}: ${inner.value})`,
    misfit:
      inner.misfit === NEVER ? NEVER : `coalesce(len(list_filter(${list}, lambda ${item}: ${inner.misfit})), 0) > 0`,
  };
}

function eachMember(sql: string, to: StructType, read: (member: StructField) => ColumnValue): ColumnValue {
  const members = to.fields.map((member) => ({ name: member.name, ...read(member) }));
  const packed = members.map((one) => `${quoteLiteral(one.name)}: ${one.value}`).join(", ");
  return {
    value: `CASE WHEN ${sql} IS NOT NULL THEN {${packed}} END`,
    misfit: anyOf(members.map((one) => one.misfit)),
  };
}

function nothingFits(sql: string, to: DataType): ColumnValue {
  return { value: nullOf(to), misfit: `(${sql} IS NOT NULL)` };
}

function nullOf(type: DataType): string {
  return `CAST(NULL AS ${sqlTypeOf(type)})`;
}

function anyOf(conditions: readonly string[]): string {
  const real = conditions.filter((condition) => condition !== NEVER);
  return real.length === 0 ? NEVER : `(${real.map((one) => `coalesce(${one}, false)`).join(" OR ")})`;
}
