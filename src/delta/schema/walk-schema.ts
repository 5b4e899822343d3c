import { isArray, isMap, isStruct, type DataType, type StructField } from "../../contract/index.ts";

/** Every struct field of a type at any depth, outer ones first. */
export function* fieldsOf(type: DataType): Generator<StructField> {
  if (isStruct(type)) {
    for (const field of type.fields) {
      yield field;
      yield* fieldsOf(field.type);
    }
  } else if (isArray(type)) {
    yield* fieldsOf(type.elementType);
  } else if (isMap(type)) {
    yield* fieldsOf(type.keyType);
    yield* fieldsOf(type.valueType);
  }
}

export function hasFieldMetadata(type: DataType, matches: (key: string) => boolean): boolean {
  for (const field of fieldsOf(type)) if (Object.keys(field.metadata).some(matches)) return true;
  return false;
}

/** Whether a primitive type occurs anywhere. */
export function hasType(type: DataType, name: string): boolean {
  if (typeof type === "string") return type === name;
  if (isArray(type)) return hasType(type.elementType, name);
  if (isMap(type)) return hasType(type.keyType, name) || hasType(type.valueType, name);
  return type.fields.some((field) => hasType(field.type, name));
}
