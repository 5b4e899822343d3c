import { SluiceError } from "../../base/index.ts";
import {
  FIELD_ID_KEY,
  isArray,
  isStruct,
  type DataType,
  type MetadataValue,
  type StructField,
  type StructType,
} from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import {
  MAPPING_ID_KEY,
  MAPPING_MAX_ID_PROPERTY,
  PHYSICAL_NAME_KEY,
  mappingId,
  mappingIds,
  mappingModeOf,
  physicalName,
} from "./column-mapping.ts";
import { serializeSchema } from "./serialize-schema.ts";

/**
 * The metadata of a table with column mapping, where each column has an id and a physical name: those that it had in `previous`, else
 * new ones. On a table that has been without mapping, columns keep their names as physical ones, since files have them.
 * Without mapping the metadata itself. Changes of the mode that no files allow fail with `table.unsupported`.
 */
export function mapColumns(
  metadata: TableMetadata,
  previous: TableMetadata | undefined,
  newName: () => string,
): TableMetadata {
  const mode = mappingModeOf(metadata.configuration);
  const before = previous === undefined ? mode : mappingModeOf(previous.configuration);
  if (mode !== before && !(before === "none" && mode === "name")) {
    throw new SluiceError(
      "table.unsupported",
      `Cannot change the column mapping from ${before} to ${mode}: only none to name leaves the files readable`,
      { advice: "Create a table with the other mode and copy the rows." },
    );
  }
  if (mode === "none") return metadata;
  const present = previous === undefined ? [] : [...mappingIds(previous.schema)];
  const last = Math.max(
    Number(metadata.configuration[MAPPING_MAX_ID_PROPERTY] ?? 0),
    Number(previous?.configuration[MAPPING_MAX_ID_PROPERTY] ?? 0),
    highestFieldId(metadata.schema),
    ...present,
  );
  const ids = new Ids(last, present);
  const schema = mapStruct(metadata.schema, previous?.schema, { ids, newName });
  const configuration = { ...metadata.configuration, [MAPPING_MAX_ID_PROPERTY]: String(ids.last) };
  const schemaString = serializeSchema(schema);
  const isSame =
    schemaString === serializeSchema(metadata.schema) &&
    configuration[MAPPING_MAX_ID_PROPERTY] === metadata.configuration[MAPPING_MAX_ID_PROPERTY];
  return isSame ? metadata : { ...metadata, schema, schemaString, configuration };
}

interface Naming {
  readonly ids: Ids;
  readonly newName: () => string;
}

/** Ids that were given already are not given again. */
class Ids {
  last: number;
  readonly #taken: Set<number>;

  constructor(last: number, taken: Iterable<number>) {
    this.last = last;
    this.#taken = new Set(taken);
  }

  /** The wanted id where it is free, else a new one. */
  give(wanted: MetadataValue | undefined): number {
    const isFree = typeof wanted === "number" && Number.isSafeInteger(wanted) && wanted > 0 && !this.#taken.has(wanted);
    const id = isFree ? wanted : this.last + 1;
    this.last = Math.max(this.last, id);
    this.#taken.add(id);
    return id;
  }
}

function mapStruct(struct: StructType, previous: DataType | undefined, naming: Naming): StructType {
  const before = previous !== undefined && isStruct(previous) ? previous.fields : [];
  const known = new Map(before.map((field) => [field.name.toLowerCase(), field]));
  return {
    type: "struct",
    fields: struct.fields.map((field) => mapField(field, known.get(field.name.toLowerCase()), naming)),
  };
}

function mapField(field: StructField, previous: StructField | undefined, naming: Naming): StructField {
  const metadata: { [name: string]: MetadataValue } = { ...field.metadata };
  const known = previous === undefined ? undefined : mappingId(previous);
  metadata[MAPPING_ID_KEY] = known ?? naming.ids.give(field.metadata[FIELD_ID_KEY]);
  const kept = previous === undefined ? undefined : (physicalName(previous) ?? previous.name);
  metadata[PHYSICAL_NAME_KEY] = kept ?? naming.newName();
  return { ...field, type: mapType(field.type, previous?.type, naming), metadata };
}

function mapType(type: DataType, previous: DataType | undefined, naming: Naming): DataType {
  if (typeof type === "string") return type;
  if (isStruct(type)) return mapStruct(type, previous, naming);
  const before = typeof previous === "object" ? previous : undefined;
  if (isArray(type)) {
    const inner = before?.type === "array" ? before.elementType : undefined;
    return { ...type, elementType: mapType(type.elementType, inner, naming) };
  }
  const map = before?.type === "map" ? before : undefined;
  return {
    ...type,
    keyType: mapType(type.keyType, map?.keyType, naming),
    valueType: mapType(type.valueType, map?.valueType, naming),
  };
}

/** Our own ids, elements of lists and maps included: the column's id in files is one of them where it can be. */
function highestFieldId(type: DataType): number {
  if (typeof type === "string") return 0;
  if (isArray(type)) return highestFieldId(type.elementType);
  if (!isStruct(type)) return Math.max(highestFieldId(type.keyType), highestFieldId(type.valueType));
  return type.fields.reduce((highest, field) => {
    const own = Object.entries(field.metadata)
      .filter(([key]) => key === FIELD_ID_KEY || key.startsWith(`${FIELD_ID_KEY}.`))
      .map(([, value]) => (typeof value === "number" ? value : 0));
    return Math.max(highest, highestFieldId(field.type), ...own);
  }, 0);
}
