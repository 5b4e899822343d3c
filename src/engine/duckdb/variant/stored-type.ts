import { field, isArray, isMap, isStruct, struct, type DataType } from "../../../contract/index.ts";

/** A variant as files have it (Delta PROTOCOL, "Variant Data Type"): what makes up its names, and its value. */
const VARIANT = struct([field("metadata", "binary"), field("value", "binary")]);

/** The type that a column has in files. */
export function storedType(type: DataType): DataType {
  if (type === "variant") return VARIANT;
  if (isStruct(type)) {
    return { ...type, fields: type.fields.map((one) => ({ ...one, type: storedType(one.type) })) };
  }
  if (isArray(type)) return { ...type, elementType: storedType(type.elementType) };
  if (isMap(type)) return { ...type, keyType: storedType(type.keyType), valueType: storedType(type.valueType) };
  return type;
}
