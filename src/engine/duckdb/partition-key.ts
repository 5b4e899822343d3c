import { SluiceError } from "../../base/index.ts";
import type { StructField } from "../../contract/index.ts";
import { NULL_MARK } from "./conform.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-text.ts";

/**
 * SQL for a partition column's value as one text that tells null from every value: `n`, or `v` and the value in the log's form
 * (Delta PROTOCOL, "Partition Value Serialization").
 */
export function encodePartitionKey(field: StructField, tableName: string): string {
  const column = quoteIdentifier(field.name);
  return `CASE WHEN ${column} IS NULL THEN 'n' ELSE 'v' || ${valueText(column, field, tableName)} END`;
}

/** Name of the n-th partition column's key in our SQL. */
export function keyName(index: number): string {
  return `__k${index}`;
}

/** The value for the log, of what COPY reports for the key. */
export function decodePartitionKey(key: string | undefined): string | null {
  if (key === "n") return null;
  if (key?.startsWith("v") === true) return key.slice(1);
  throw new SluiceError("internal.bug", "Cannot tell a file's partition: COPY did not report its key");
}

function valueText(column: string, field: StructField, tableName: string): string {
  if (field.type === "timestamp") return `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`;
  if (field.type === "timestamp_ntz") return `strftime(${column}, '%Y-%m-%d %H:%M:%S.%f')`;
  if (field.type === "string") return refuseEmpty(column, `${column} = ''`, { field, tableName });
  if (field.type === "binary") {
    return refuseEmpty(`decode(${column})`, `octet_length(${column}) = 0`, { field, tableName });
  }
  return `CAST(${column} AS VARCHAR)`;
}

/** The log has no empty partition value: it would come back as null. */
function refuseEmpty(text: string, isEmpty: string, place: { field: StructField; tableName: string }): string {
  const message = `${NULL_MARK}${place.field.name} of ${place.tableName} is empty, and a partition value cannot be`;
  return `CASE WHEN ${isEmpty} THEN error(${quoteLiteral(message)}) ELSE ${text} END`;
}
