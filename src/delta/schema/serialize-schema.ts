import { stringifyJson, type JsonObject, type JsonValue } from "../../base/index.ts";
import {
  isArray,
  isMap,
  type DataType,
  type MetadataValue,
  type StructField,
  type StructType,
} from "../../contract/index.ts";

/** The text of `metaData.schemaString` (Delta PROTOCOL, "Schema Serialization Format"). */
export function serializeSchema(schema: StructType): string {
  return stringifyJson(typeJson(schema));
}

function typeJson(type: DataType): JsonValue {
  if (typeof type === "string") return type;
  if (isArray(type)) {
    return { type: "array", elementType: typeJson(type.elementType), containsNull: type.containsNull };
  }
  if (isMap(type)) {
    return {
      type: "map",
      keyType: typeJson(type.keyType),
      valueType: typeJson(type.valueType),
      valueContainsNull: type.valueContainsNull,
    };
  }
  return { type: "struct", fields: type.fields.map(fieldJson) };
}

function fieldJson(field: StructField): JsonObject {
  return {
    name: field.name,
    type: typeJson(field.type),
    nullable: field.nullable,
    metadata: metadataJson(field.metadata),
  };
}

function metadataJson(value: MetadataValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(metadataJson);
  const json = Object.create(null) as JsonObject;
  for (const [name, member] of Object.entries(value)) json[name] = metadataJson(member);
  return json;
}

function isList(value: MetadataValue): value is readonly MetadataValue[] {
  return Array.isArray(value);
}
