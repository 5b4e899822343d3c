import { isArray, isMap, isStruct, type DataType } from "../../contract/index.ts";
import { quoteIdentifier } from "../sql-text.ts";
import { VARIANT_JSON } from "./variant/variant-function.ts";

/**
 * SQL for a value of type `from` with the member names of `to`, a type of the same shape: the two names of a column that column
 * mapping knows. A variant, which files have in two binary columns, becomes JSON text. The SQL itself where nothing differs.
 */
export function renameMembers(sql: string, from: DataType, to: DataType, depth = 0): string {
  if (haveSameNames(from, to)) return sql;
  if (isStruct(from) && isStruct(to)) {
    const members = from.fields.flatMap((field, index) => {
      const target = to.fields[index];
      if (target === undefined) return [];
      const value = renameMembers(`(${sql}).${quoteIdentifier(field.name)}`, field.type, target.type, depth);
      return [`${quoteIdentifier(target.name)} := ${value}`];
    });
    return `CASE WHEN (${sql}) IS NULL THEN NULL ELSE struct_pack(${members.join(", ")}) END`;
  }
  const item = `e${depth}`;
  if (isArray(from) && isArray(to)) {
    return `list_transform(${sql}, lambda ${item}: ${renameMembers(item, from.elementType, to.elementType, depth + 1)})`;
  }
  if (isMap(from) && isMap(to)) {
    const key = renameMembers(`${item}.key`, from.keyType, to.keyType, depth + 1);
    const value = renameMembers(`${item}.value`, from.valueType, to.valueType, depth + 1);
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${item}: {'key': ${key}, 'value': ${value}}))`;
  }
  return to === "variant" ? `${VARIANT_JSON}(${sql}.metadata, ${sql}.value)` : sql;
}

function haveSameNames(from: DataType, to: DataType): boolean {
  if (to === "variant") return false;
  if (isStruct(from) && isStruct(to)) {
    return from.fields.every((field, index) => {
      const target = to.fields[index];
      return target === undefined || (field.name === target.name && haveSameNames(field.type, target.type));
    });
  }
  if (isArray(from) && isArray(to)) return haveSameNames(from.elementType, to.elementType);
  if (isMap(from) && isMap(to)) {
    return haveSameNames(from.keyType, to.keyType) && haveSameNames(from.valueType, to.valueType);
  }
  return true;
}
