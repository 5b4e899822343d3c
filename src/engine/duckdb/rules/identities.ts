import { SluiceError } from "../../../base/index.ts";
import { identityColumns, type IdentityColumn } from "../../../delta/index.ts";
import { quoteLiteral } from "../../sql-text.ts";
import type { WriteTarget } from "../write-target.ts";
import { RULE_MARK } from "./rule-mark.ts";

/** The identity columns that rows leave to the table; one that they bring against its rule fails with `table.schema-mismatch`. */
export function missingIdentities(
  { metadata }: Pick<WriteTarget, "metadata">,
  columns: readonly { readonly name: string }[],
  tableName: string,
): readonly string[] {
  const given = new Set(columns.map(({ name }) => name.toLowerCase()));
  return identityColumns(metadata.schema).flatMap((identity) => {
    if (!given.has(identity.name.toLowerCase())) return [identity.name];
    if (identity.takesGiven) return [];
    throw givenIdentity(identity.name, tableName);
  });
}

export function givenIdentity(name: string, tableName: string): SluiceError {
  return new SluiceError(
    "table.schema-mismatch",
    `Cannot write to table ${tableName}: column ${name} gets its values from the table alone`,
    { facts: { column: name }, advice: "Leave the column out of the rows." },
  );
}

/** SQL for the value of each row in turn; where none is left the rows fail when they are read. */
export function identitySql({ name, next, step, left }: IdentityColumn, tableName: string): string {
  const none = quoteLiteral(`${RULE_MARK}identity column ${name} of ${tableName}: no value is left`);
  const place = "row_number() OVER ()";
  return `CASE WHEN ${place} > ${left} THEN error(${none}) ELSE (${next}::HUGEINT + ${step}::HUGEINT * (${place} - 1))::BIGINT END`;
}
