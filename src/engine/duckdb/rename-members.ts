import { isArray, isMap, isStruct, type DataType } from "../../contract/index.ts";
import { quoteIdentifier } from "../sql-text.ts";
import { PLAIN_VARIANTS, type VariantReading } from "./variant/variant-sql.ts";

/**
 * SQL for a value of type `from` with the member names of `to`, a type of the same shape: the two names of a column that column
 * mapping knows. A variant becomes JSON text. The SQL itself where nothing differs.
 */
export function renameMembers(
  sql: string,
  from: DataType,
  to: DataType,
  { depth = 0, variants = PLAIN_VARIANTS }: { readonly depth?: number; readonly variants?: VariantReading } = {},
): string {
  if (haveSameNames(from, to)) return sql;
  if (isStruct(from) && isStruct(to)) {
    const members = from.fields.flatMap((field, index) => {
      const target = to.fields[index];
      if (target === undefined) return [];
      const value = renameMembers(`(${sql}).${quoteIdentifier(field.name)}`, field.type, target.type, {
        depth,
        variants,
      });
      return [`${quoteIdentifier(target.name)} := ${value}`];
    });
    return `CASE WHEN (${sql}) IS NULL THEN NULL ELSE struct_pack(${members.join(", ")}) END`;
  }
  const item = `e${depth}`;
  const inside = { depth: depth + 1, variants };
  if (isArray(from) && isArray(to)) {
    return `list_transform(${sql}, lambda ${item}: ${renameMembers(item, from.elementType, to.elementType, inside)})`;
  }
  if (isMap(from) && isMap(to)) {
    const key = renameMembers(`${item}.key`, from.keyType, to.keyType, inside);
    const value = renameMembers(`${item}.value`, from.valueType, to.valueType, inside);
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${item}: {'key': ${key}, 'value': ${value}}))`;
  }
  return to === "variant" ? variants.json(sql) : sql;
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
