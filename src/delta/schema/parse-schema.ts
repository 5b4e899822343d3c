import {
  JsonNumber,
  SluiceError,
  messageOf,
  parseJson,
  stringifyJson,
  type JsonObject,
  type JsonValue,
} from "../../base/index.ts";
import type {
  DataType,
  FieldMetadata,
  MetadataValue,
  PrimitiveName,
  StructField,
  StructType,
} from "../../contract/index.ts";

/**
 * Parses `metaData.schemaString` (Delta PROTOCOL, "Schema Serialization Format"). Field metadata is kept as it is, known or not.
 * Text that is no schema fails with `table.corrupt`, a type that we do not read with `table.unsupported` naming column and feature.
 */
export function parseSchema(text: string, where: string): StructType {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new SluiceError("table.corrupt", `Cannot read ${where}: schemaString is not JSON: ${messageOf(error)}`);
  }
  const type = readType(json, { where, column: [] });
  if (typeof type === "object" && type.type === "struct") return type;
  return corrupt({ where, column: [] }, "a struct expected");
}

interface Place {
  readonly where: string;
  readonly column: readonly string[];
}

const PRIMITIVES: ReadonlySet<string> = new Set(
  "string long integer short byte float double boolean binary date timestamp timestamp_ntz void variant".split(" "),
);

/** Types of the protocol that are not read yet, and the table feature that each belongs to. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  geometry: "geospatial",
  geography: "geospatial",
  interval: "intervalTypes",
};

const DECIMAL = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/;

function readType(json: JsonValue | undefined, place: Place): DataType {
  if (typeof json === "string") return readPrimitive(json, place);
  if (!isMembers(json)) return corrupt(place, "a type expected");
  const kind = json["type"];
  switch (typeof kind === "string" ? kind : "") {
    case "struct":
      return { type: "struct", fields: readFields(json["fields"], place) };
    case "array":
      return {
        type: "array",
        elementType: readType(json["elementType"], inside(place, "element")),
        containsNull: json["containsNull"] !== false,
      };
    case "map":
      return {
        type: "map",
        keyType: readType(json["keyType"], inside(place, "key")),
        valueType: readType(json["valueType"], inside(place, "value")),
        valueContainsNull: json["valueContainsNull"] !== false,
      };
    default:
      return corrupt(place, `unknown type ${stringifyJson(kind)}`);
  }
}

function readPrimitive(name: string, place: Place): PrimitiveName {
  if (PRIMITIVES.has(name)) return name as PrimitiveName;
  if (name === "decimal") return "decimal(10,0)";
  const decimal = DECIMAL.exec(name);
  if (decimal !== null) return readDecimal(Number(decimal[1]), Number(decimal[2]), place);
  const feature = OTHER_TYPES[/^[a-z]+/.exec(name)?.[0] ?? ""];
  const belongs = feature === undefined ? "" : ` (feature ${feature})`;
  throw new SluiceError(
    "table.unsupported",
    `Cannot read ${place.where}: column ${place.column.join(".")} has type ${name}${belongs}`,
  );
}

function readDecimal(precision: number, scale: number, place: Place): PrimitiveName {
  if (precision < 1 || precision > 38 || scale > precision) {
    return corrupt(place, `decimal(${precision},${scale}) is no type`);
  }
  return `decimal(${precision},${scale})`;
}

function readFields(json: JsonValue | undefined, place: Place): StructField[] {
  if (!Array.isArray(json)) return corrupt(place, "fields expected");
  return json.map((item) => {
    if (!isMembers(item)) return corrupt(place, "a field expected");
    const name = item["name"];
    if (typeof name !== "string") return corrupt(place, "a field has no name");
    return {
      name,
      type: readType(item["type"], inside(place, name)),
      nullable: item["nullable"] !== false,
      metadata: readFieldMetadata(item["metadata"]),
    };
  });
}

function readFieldMetadata(json: JsonValue | undefined): FieldMetadata {
  return isMembers(json) ? metadataMembers(json) : {};
}

function metadataMembers(json: JsonObject): { [name: string]: MetadataValue } {
  const members = Object.create(null) as { [name: string]: MetadataValue };
  for (const [name, value] of Object.entries(json)) members[name] = metadataValue(value);
  return members;
}

function metadataValue(json: JsonValue): MetadataValue {
  if (Array.isArray(json)) return json.map((item) => metadataValue(item));
  if (json instanceof JsonNumber) return Number(json.text);
  return isMembers(json) ? metadataMembers(json) : json;
}

function inside(place: Place, name: string): Place {
  return { where: place.where, column: [...place.column, name] };
}

function isMembers(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json) && !(json instanceof JsonNumber);
}

function corrupt(place: Place, why: string): never {
  const column = place.column.length === 0 ? "" : `column ${place.column.join(".")}: `;
  throw new SluiceError("table.corrupt", `Cannot read ${place.where}: schemaString: ${column}${why}`);
}
