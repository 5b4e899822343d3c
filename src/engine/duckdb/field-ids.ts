import { fieldIdsOf, type FieldIds } from "../../delta/index.ts";
import type { StructField } from "../../contract/index.ts";
import { quoteIdentifier } from "../sql-text.ts";

/** COPY's FIELD_IDS for the columns that have ids; undefined when none has. */
export function fieldIdsOption(fields: readonly StructField[]): string | undefined {
  const members = namedIds(fieldIdsOf({ type: "struct", fields }));
  return members.length === 0 ? undefined : `{${members.join(", ")}}`;
}

function namedIds(fields: readonly FieldIds[]): string[] {
  return fields.flatMap((field) => {
    const inner = namedIds(field.children);
    if (inner.length === 0) return field.id === undefined ? [] : [`${quoteIdentifier(field.name)}: ${field.id}`];
    const own = field.id === undefined ? [] : [`__duckdb_field_id: ${field.id}`];
    return [`${quoteIdentifier(field.name)}: {${[...own, ...inner].join(", ")}}`];
  });
}
