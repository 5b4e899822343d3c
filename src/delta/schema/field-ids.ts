import {
  FIELD_ID_KEY,
  isArray,
  isMap,
  isStruct,
  type DataType,
  type FieldMetadata,
  type MetadataValue,
  type StructField,
  type StructType,
} from "../../contract/index.ts";
import { mappingId } from "./column-mapping.ts";

/** Table property that remembers the highest id ever given, so that a dropped column's id is never given again. */
export const LAST_FIELD_ID_PROPERTY = "sluice.lastFieldId";

export interface SchemaWithIds {
  readonly schema: StructType;
  /** Belongs into the table's configuration under `LAST_FIELD_ID_PROPERTY`. */
  readonly lastFieldId: number;
}

/**
 * Gives every field at any depth an id that stays with it, in its metadata under `FIELD_ID_KEY`; elements of arrays and keys and
 * values of maps have theirs on the nearest field, under `<key>.element`, `<key>.key`, `<key>.value` (nested ones joined by dots).
 * A field that was in `previous` under the same name keeps its id, any other gets a new one above `lastFieldId`. Ids that the
 * schema brings along from elsewhere do not count.
 */
export function assignFieldIds(schema: StructType, previous?: StructType, lastFieldId = 0): SchemaWithIds {
  const ids = new IdGiver(Math.max(lastFieldId, previous === undefined ? 0 : highestId(previous)));
  return { schema: structWithIds(schema, previous, ids), lastFieldId: ids.last };
}

/** A column with its Parquet field id, and what is inside of it. */
export interface FieldIds {
  readonly name: string;
  readonly id: number | undefined;
  /** Fields of a struct by name; `element` of an array; `key` and `value` of a map. */
  readonly children: readonly FieldIds[];
}

/**
 * The ids of a schema as a tree, for writing Parquet. A schema of another engine may have none. Under column mapping a column's id
 * is the one that the mapping gives it.
 */
export function fieldIdsOf(schema: StructType): readonly FieldIds[] {
  return schema.fields.map((field) => ({
    name: field.name,
    id: mappingId(field) ?? idOf(field.metadata, FIELD_ID_KEY),
    children: childIds(field.type, field, FIELD_ID_KEY),
  }));
}

class IdGiver {
  last: number;
  constructor(last: number) {
    this.last = last;
  }
  /** The id that was there, else a new one. */
  keep(id: number | undefined): number {
    if (id !== undefined) return id;
    this.last += 1;
    return this.last;
  }
}

function structWithIds(struct: StructType, previous: DataType | undefined, ids: IdGiver): StructType {
  const before = previous !== undefined && isStruct(previous) ? previous.fields : [];
  const known = new Map(before.map((field) => [field.name.toLowerCase(), field]));
  return {
    type: "struct",
    fields: struct.fields.map((field) => fieldWithIds(field, known.get(field.name.toLowerCase()), ids)),
  };
}

function fieldWithIds(field: StructField, previous: StructField | undefined, ids: IdGiver): StructField {
  const metadata: { [name: string]: MetadataValue } = {};
  for (const [name, value] of Object.entries(field.metadata)) if (!isIdKey(name)) metadata[name] = value;
  metadata[FIELD_ID_KEY] = ids.keep(idOf(previous?.metadata, FIELD_ID_KEY));
  const type = typeWithIds(field.type, previous?.type, { ids, metadata, previous, key: FIELD_ID_KEY });
  return { ...field, type, metadata };
}

/** Where the ids of elements, keys and values go: the metadata of the field that they are in. */
interface Nearest {
  readonly ids: IdGiver;
  readonly metadata: { [name: string]: MetadataValue };
  readonly previous: StructField | undefined;
  readonly key: string;
}

function typeWithIds(type: DataType, previous: DataType | undefined, nearest: Nearest): DataType {
  if (typeof type === "string") return type;
  if (isStruct(type)) return structWithIds(type, previous, nearest.ids);
  if (isArray(type)) {
    const before = previous !== undefined && isArray(previous) ? previous.elementType : undefined;
    return {
      ...type,
      elementType: partWithId(type.elementType, before, { ...nearest, key: `${nearest.key}.element` }),
    };
  }
  const before = previous !== undefined && isMap(previous) ? previous : undefined;
  return {
    ...type,
    keyType: partWithId(type.keyType, before?.keyType, { ...nearest, key: `${nearest.key}.key` }),
    valueType: partWithId(type.valueType, before?.valueType, { ...nearest, key: `${nearest.key}.value` }),
  };
}

function partWithId(type: DataType, previous: DataType | undefined, nearest: Nearest): DataType {
  const known = previous === undefined ? undefined : idOf(nearest.previous?.metadata, nearest.key);
  nearest.metadata[nearest.key] = nearest.ids.keep(known);
  return typeWithIds(type, previous, nearest);
}

function childIds(type: DataType, nearest: StructField, key: string): readonly FieldIds[] {
  if (typeof type === "string") return [];
  if (isStruct(type)) return fieldIdsOf(type);
  const part = (name: string, partType: DataType): FieldIds => ({
    name,
    id: idOf(nearest.metadata, `${key}.${name}`),
    children: childIds(partType, nearest, `${key}.${name}`),
  });
  return isArray(type)
    ? [part("element", type.elementType)]
    : [part("key", type.keyType), part("value", type.valueType)];
}

function highestId(type: DataType): number {
  if (typeof type === "string") return 0;
  if (isArray(type)) return highestId(type.elementType);
  if (isMap(type)) return Math.max(highestId(type.keyType), highestId(type.valueType));
  return type.fields.reduce((highest, field) => {
    const own = Object.keys(field.metadata).filter(isIdKey);
    const ids = own.map((key) => idOf(field.metadata, key) ?? 0);
    return Math.max(highest, highestId(field.type), ...ids);
  }, 0);
}

function isIdKey(name: string): boolean {
  return name === FIELD_ID_KEY || name.startsWith(`${FIELD_ID_KEY}.`);
}

function idOf(metadata: FieldMetadata | undefined, key: string): number | undefined {
  const id = metadata?.[key];
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}
