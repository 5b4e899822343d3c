import { field, type StructField } from "../../../contract/index.ts";
import type { TableMetadata } from "../../../delta/index.ts";

export const CHANGE_TYPE = "_change_type";
export const COMMIT_VERSION = "_commit_version";
export const COMMIT_TIMESTAMP = "_commit_timestamp";

/** No column of a table has it: ids are given from one on. */
const CHANGE_TYPE_ID = 2 ** 31 - 2;

/** The table whose rows are those of its files of changes. In these a column is found by its name in files, whatever the mapping. */
export function withChangeType(metadata: TableMetadata): TableMetadata {
  const { configuration, schema } = metadata;
  const isMapped = (configuration["delta.columnMapping.mode"] ?? "none") !== "none";
  const type: StructField = field(
    CHANGE_TYPE,
    "string",
    isMapped ? { "delta.columnMapping.physicalName": CHANGE_TYPE, "delta.columnMapping.id": CHANGE_TYPE_ID } : {},
  );
  return {
    ...metadata,
    schema: { type: "struct", fields: [...schema.fields, type] },
    configuration: isMapped ? { ...configuration, "delta.columnMapping.mode": "name" } : configuration,
  };
}
