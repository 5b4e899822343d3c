import { field, struct, type StructField, type StructType } from "../../contract/index.ts";
import { columnMetadata, type SilverDefinition } from "../../definition/index.ts";

/** Columns that Silver adds behind the declared ones. `_image_sequence` is the sequence of the row's own image. */
const OWN_COLUMNS: readonly StructField[] = [
  field("_key", "string"),
  field("_sequence", "string"),
  field("_image_sequence", "string"),
  field("_batch_id", "long"),
  field("_is_deleted", "boolean"),
  field("_updated_at", "timestamp"),
  field("_processed_timestamp", "timestamp"),
];

/** Seconds since the epoch at which the source would expire the row; kept where TTL deletes have a policy of their own. */
const EXPIRES_COLUMN = field("_expires_at", "long");

/** The schema of a Silver table: declared columns, partition columns that are computed, own columns. */
export function silverSchema(definition: SilverDefinition): StructType {
  const declared = definition.columns.map((column) => field(column.name, column.type, columnMetadata(column.meaning)));
  const names = new Set(definition.columns.map((column) => column.name));
  const computed = definition.partitionBy
    .filter((partition) => !names.has(partition.name))
    .map((partition) => field(partition.name, partitionType(partition.transform.kind)));
  return struct([...declared, ...computed, ...OWN_COLUMNS, ...(keepsExpiry(definition) ? [EXPIRES_COLUMN] : [])]);
}

/** Whether deletes by TTL are treated otherwise than the other deletes. */
export function keepsExpiry(definition: SilverDefinition): boolean {
  return definition.ttlDeletes !== definition.deletes;
}

function partitionType(kind: "identity" | "date" | "month" | "hour" | "bucket"): "date" | "string" | "integer" {
  if (kind === "date") return "date";
  return kind === "bucket" ? "integer" : "string";
}
