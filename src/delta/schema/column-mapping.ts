import { SluiceError } from "../../base/index.ts";
import { isArray, isStruct, type DataType, type StructField, type StructType } from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import { joinColumnNames, splitColumnNames } from "./column-names.ts";
import { fieldsOf } from "./walk-schema.ts";

/** Delta PROTOCOL, "Column Mapping": by which name or id a column is found in files, statistics and partition values. */
export type MappingMode = "none" | "name" | "id";

const MAPPING_MODE_PROPERTY = "delta.columnMapping.mode";
export const MAPPING_MAX_ID_PROPERTY = "delta.columnMapping.maxColumnId";
export const MAPPING_ID_KEY = "delta.columnMapping.id";
export const PHYSICAL_NAME_KEY = "delta.columnMapping.physicalName";
export const STATS_COLUMNS_PROPERTY = "delta.dataSkippingStatsColumns";

/** A mode that the protocol does not know fails with `table.corrupt`. */
export function mappingModeOf(configuration: Readonly<Record<string, string>>): MappingMode {
  const mode = (configuration[MAPPING_MODE_PROPERTY] ?? "none").toLowerCase();
  if (mode === "none" || mode === "name" || mode === "id") return mode;
  throw new SluiceError("table.corrupt", `Cannot read the table: ${MAPPING_MODE_PROPERTY}=${mode} is no mode`);
}

/** A table as its files and its log have it; schemas with and without mapping have the same shape. */
export interface PhysicalTable {
  readonly mode: MappingMode;
  readonly schema: StructType;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
}

type Described = Pick<TableMetadata, "schema" | "partitionColumns" | "configuration">;

const known = new WeakMap<Described, PhysicalTable>();

/**
 * The table in its physical names: those of data files, statistics and partition values. Without column mapping they are the
 * columns' own. A column that has no physical name or id, or shares it, fails with `table.corrupt`.
 */
export function physicalTable(metadata: Described): PhysicalTable {
  const present = known.get(metadata);
  if (present !== undefined) return present;
  const physical = mappedTable(metadata);
  known.set(metadata, physical);
  return physical;
}

function mappedTable(metadata: Described): PhysicalTable {
  const { schema, partitionColumns, configuration } = metadata;
  const mode = mappingModeOf(configuration);
  if (mode === "none") return { mode, schema, partitionColumns, configuration };
  const mapped = structInPhysicalNames(schema, { ids: new Set(), column: [] });
  const nameOf = (name: string): string => physicalPath(metadata, [name])?.[0] ?? name;
  return {
    mode,
    schema: mapped,
    partitionColumns: partitionColumns.map(nameOf),
    configuration: inPhysicalNames(metadata),
  };
}

/**
 * The names on the way to a column as files, statistics and partition values have them, names compared without case; undefined
 * where there is no such column.
 */
export function physicalPath(
  { schema, configuration }: Pick<Described, "schema" | "configuration">,
  path: readonly string[],
): readonly string[] | undefined {
  const isMapped = mappingModeOf(configuration) !== "none";
  const names: string[] = [];
  let type: DataType = schema;
  for (const name of path) {
    if (!isStruct(type)) return undefined;
    const found: StructField | undefined = type.fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) return undefined;
    names.push((isMapped ? physicalName(found) : undefined) ?? found.name);
    type = found.type;
  }
  return names;
}

/** The property says which columns have statistics, by the names that users see. */
function inPhysicalNames(metadata: Described): Readonly<Record<string, string>> {
  const { configuration } = metadata;
  const named = configuration[STATS_COLUMNS_PROPERTY];
  if (named === undefined) return configuration;
  const paths = splitColumnNames(named).map((path) => physicalPath(metadata, path) ?? path);
  return { ...configuration, [STATS_COLUMNS_PROPERTY]: joinColumnNames(paths) };
}

interface Place {
  readonly ids: Set<number>;
  readonly column: readonly string[];
}

function structInPhysicalNames(struct: StructType, place: Place): StructType {
  const names = new Set<string>();
  const fields = struct.fields.map((field) => {
    const at = { ids: place.ids, column: [...place.column, field.name] };
    const name = physicalName(field);
    const id = mappingId(field);
    if (name === undefined) return broken(at, "it has no physical name");
    if (id === undefined) return broken(at, "it has no id");
    if (names.has(name)) return broken(at, `its physical name ${name} is another column's, too`);
    if (place.ids.has(id)) return broken(at, `its id ${id} is another column's, too`);
    names.add(name);
    place.ids.add(id);
    return { ...field, name, type: typeInPhysicalNames(field.type, at) };
  });
  return { type: "struct", fields };
}

function typeInPhysicalNames(type: DataType, place: Place): DataType {
  if (typeof type === "string") return type;
  if (isStruct(type)) return structInPhysicalNames(type, place);
  if (isArray(type)) return { ...type, elementType: typeInPhysicalNames(type.elementType, place) };
  return {
    ...type,
    keyType: typeInPhysicalNames(type.keyType, place),
    valueType: typeInPhysicalNames(type.valueType, place),
  };
}

export function physicalName(field: StructField): string | undefined {
  const name = field.metadata[PHYSICAL_NAME_KEY];
  return typeof name === "string" && name !== "" ? name : undefined;
}

export function mappingId(field: StructField): number | undefined {
  const id = field.metadata[MAPPING_ID_KEY];
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}

/** The ids of all columns, at any depth. */
export function* mappingIds(type: DataType): Generator<number> {
  for (const field of fieldsOf(type)) {
    const id = mappingId(field);
    if (id !== undefined) yield id;
  }
}

function broken(place: Place, why: string): never {
  throw new SluiceError(
    "table.corrupt",
    `Cannot read the table: its column mapping is broken: column ${place.column.join(".")}: ${why}`,
  );
}
