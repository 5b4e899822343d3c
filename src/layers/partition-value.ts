import type { PartitionField } from "../definition/index.ts";
import { quoteIdentifier } from "../engine/index.ts";

/** SQL of a partition column over the table's columns; instants are taken in UTC. */
export function partitionValue(partition: PartitionField): string {
  const { transform } = partition;
  switch (transform.kind) {
    case "identity":
      return quoteIdentifier(partition.name);
    case "date":
      return `CAST(${quoteIdentifier(transform.column)} AS DATE)`;
    case "month":
      return `strftime(${quoteIdentifier(transform.column)}, '%Y-%m')`;
    case "hour":
      return `strftime(${quoteIdentifier(transform.column)}, '%Y-%m-%d-%H')`;
    case "bucket":
      // A digest that every engine has, so that others find the same bucket: the first 8 hex digits of md5 of the text.
      return `CAST(('0x' || left(md5(CAST(${quoteIdentifier(transform.column)} AS VARCHAR)), 8))::BIGINT % ${transform.count} AS INTEGER)`;
  }
}
