import { VARIANT_JSON } from "./variant-function.ts";

/** What a variant is made of in files (Delta PROTOCOL, "Variant Data Type"). */
const PARTS = "STRUCT(metadata BLOB, value BLOB)";

/** How the variants of some files are read: as which type, and from that as JSON text. */
export interface VariantReading {
  readonly sqlType: string;
  readonly json: (sql: string) => string;
}

/** Two binary columns each. */
export const PLAIN_VARIANTS: VariantReading = { sqlType: PARTS, json: jsonOf };

/**
 * Of files of which those at some places have marked variants, out of `count`. The engine decodes such, and encodes them again; it knows no
 * difference between a variant that is null and none. Plain ones that are read beside them are to it an object of two members.
 */
export function variantReading(marked: readonly number[], count: number): VariantReading {
  if (marked.length === 0) return PLAIN_VARIANTS;
  const isMarked = marked.length === count ? "true" : `list_contains([${marked.join(",")}]::UBIGINT[], t.file_index)`;
  return {
    sqlType: "VARIANT",
    json: (sql) => {
      const decoded = jsonOf(`CAST(variant_to_parquet_variant(${sql}) AS ${PARTS})`);
      return `CASE WHEN (${sql}) IS NULL THEN NULL WHEN ${isMarked} THEN ${decoded} ELSE ${jsonOf(`CAST(${sql} AS ${PARTS})`)} END`;
    },
  };
}

function jsonOf(parts: string): string {
  return `${VARIANT_JSON}((${parts}).metadata, (${parts}).value)`;
}
