import { field, type StructField } from "./schema.ts";

export type Operation = "I" | "U" | "D" | "R" | "T";

/** Names of the columns of the change-event contract, in table order (DESIGN, "The change-event contract"). */
export const CONTRACT_COLUMNS: readonly StructField[] = [
  field("_event_id", "string"),
  field("_op", "string"),
  field("_key", "string"),
  field("_sequence", "string"),
  field("_source_ts", "timestamp"),
  field("_source_system", "string"),
  field("_source_table", "string"),
  field("_batch_id", "long"),
  field("_ingest_file", "string"),
  field("_ingestion_timestamp", "timestamp"),
  field("_ingestion_date", "date"),
  field("_before", "string"),
  field("_source_meta", "string"),
  field("_rescued", "string"),
];

const CONTRACT_NAMES = new Set(CONTRACT_COLUMNS.map((column) => column.name));

/** Names that Silver adds; a record's attribute of such a name stays in `_rescued`, so that Silver can own the name. */
const SILVER_NAMES = new Set(["_is_deleted", "_updated_at", "_processed_timestamp", "_image_sequence", "_expires_at"]);

/**
 * Columns that rows carry only on their way through the layers and the engine, without their `__`. A column of such a name would be
 * mistaken for ours. Not every `__` is ours: `__typename` stands in each record that AppSync wrote.
 */
const PASSING_NAMES = new Set(
  (
    "at attributes cell computed delete_batch deleted_at duckdb_field_id events fate file hard joined kind late misfits net none " +
    "own put readable reasons rescued rescues row soft source texts tie_wins violated"
  ).split(" "),
);
const NUMBERED_PASSING_NAME = /^__(?:group_|j|k|key_?|r|t|target|v)\d+$/;

/** Whether an attribute of this name cannot be a column of its own (names compare without case, as Delta does). */
export function isReservedName(name: string): boolean {
  const lower = name.toLowerCase();
  return CONTRACT_NAMES.has(lower) || SILVER_NAMES.has(lower) || isPassingName(lower);
}

/** Whether rows have a column of this name of ours while they are on their way: no column of a query may have it. */
export function isPassingName(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith("__") && (PASSING_NAMES.has(lower.slice(2)) || NUMBERED_PASSING_NAME.test(lower));
}

/** Field metadata keys under our own prefix. */
export const FIELD_ID_KEY = "sluice.fieldId";
/** DynamoDB's type tag of a Bronze column or nested field: S, N, B, BOOL, SS, NS, BS, L, M. */
export const TAG_KEY = "sluice.dynamodb.tag";
