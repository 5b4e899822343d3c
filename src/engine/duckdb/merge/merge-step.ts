import { SluiceError } from "../../../base/index.ts";
import type { StructField } from "../../../contract/index.ts";
import type { MergeSpec, OpenTable, Scratch } from "../../engine.ts";
import type { Doing } from "../engine-failure.ts";
import type { EngineParts } from "../engine-parts.ts";
import type { Session } from "../session.ts";
import type { WriteTarget } from "../write-target.ts";

/** What every step of one merge works with. */
export interface MergeStep {
  readonly parts: EngineParts;
  readonly session: Session;
  readonly table: OpenTable;
  readonly spec: MergeSpec;
  readonly source: Scratch;
  readonly target: WriteTarget;
  readonly doing: Doing;
}

/** Name of the source's row number in our SQL. */
export const SOURCE_ROW = "__source";

/** The source with its row numbers, as a subquery; DuckDB reads only the columns that are asked for. */
export function sourceRows({ parts, source }: MergeStep): string {
  return `(${parts.scratches.sql(source, SOURCE_ROW)})`;
}

/** The target's field of that name; a merge by a column that the table has not fails with `table.schema-mismatch`. */
export function keyField({ table, target }: MergeStep, key: string): StructField {
  const field = target.metadata.schema.fields.find((candidate) => candidate.name.toLowerCase() === key.toLowerCase());
  if (field !== undefined) return field;
  throw new SluiceError("table.schema-mismatch", `Cannot merge into table ${table.name}: it has no key column ${key}`);
}

/** The source's column of that name, if it has one. */
export function sourceField({ source }: MergeStep, name: string): StructField | undefined {
  return source.schema.fields.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
}
