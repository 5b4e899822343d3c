export { batchManifestPath, type BatchFile, type BatchManifest } from "./batch.ts";
export type { DmsSettings, DmsTable } from "./dms-table.ts";
export { CONTRACT_COLUMNS, FIELD_ID_KEY, TAG_KEY, isPassingName, isReservedName, type Operation } from "./event.ts";
export {
  filteredChange,
  matchesFilter,
  projectItem,
  type Comparison,
  type FilterCondition,
  type FilterScalar,
  type FilteredChange,
  type ItemFilter,
} from "./item-filter.ts";
export { canonicalNumber, decodeKey, encodeKey, type KeyPart, type KeyTag } from "./key.ts";
export { LAYERS, NAME_PATTERN, type Layer, type TableName } from "./names.ts";
export {
  arrayOf,
  decimal,
  decimalParts,
  field,
  isArray,
  isMap,
  isPrimitiveName,
  isStruct,
  mapOf,
  sameType,
  struct,
  type ArrayType,
  type DataType,
  type FieldMetadata,
  type MapType,
  type MetadataValue,
  type PrimitiveName,
  type StructField,
  type StructType,
} from "./schema.ts";
export {
  OWN_WRITE,
  canonicalItem,
  contentHash,
  isOwnWrite,
  markerOf,
  type AttributeMap,
  type AttributeValue,
} from "./own-write.ts";
export { EXPORT_SHIFT_MICROS, RANK, encodeSequence, type Rank, type SequenceParts } from "./sequence.ts";
