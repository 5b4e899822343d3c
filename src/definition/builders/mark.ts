import type { ColumnContents } from "./column.ts";
import type { SourceContents } from "./dynamodb.ts";
import type { TargetContents } from "./dynamodb-target.ts";
import type { ExpectationContents } from "./expectation.ts";
import type { PartitionContents } from "./partition.ts";
import type { SqlContents } from "./sql-query.ts";
import type { TableContents } from "./table.ts";

/**
 * What makes a value one of ours. A registered symbol, so that a configuration that got another copy of the package
 * still hands over values that this copy knows.
 */
export const MARK: unique symbol = Symbol.for("sluice.definition.v1");

/** Contents are what the user passed, unchecked: every check happens in `resolveLake`, all at once. */
export interface Mark<Kind extends MarkKind, Contents> {
  readonly kind: Kind;
  readonly contents: Contents;
}

export type MarkKind = keyof ContentsByKind;

interface ContentsByKind {
  readonly lake: unknown;
  readonly table: TableContents;
  readonly source: SourceContents;
  readonly target: TargetContents;
  readonly column: ColumnContents;
  readonly expectation: ExpectationContents;
  readonly sql: SqlContents;
  readonly "with-deleted": unknown;
  readonly partition: PartitionContents;
}

export interface Marked<Kind extends MarkKind, Contents> {
  readonly [MARK]: Mark<Kind, Contents>;
}

export function marked<Kind extends MarkKind, Contents>(kind: Kind, contents: Contents): Marked<Kind, Contents> {
  return { [MARK]: Object.freeze({ kind, contents }) };
}

/** The kind of a value that one of our builders made; undefined for anything else. */
export function markOf(value: unknown): Mark<MarkKind, unknown> | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, MARK)) return undefined;
  return (value as Marked<MarkKind, unknown>)[MARK];
}

/** What a builder of this kind was given; undefined when the value is of no such kind. */
export function contentsOf<Kind extends MarkKind>(value: unknown, kind: Kind): ContentsByKind[Kind] | undefined {
  const mark = markOf(value);
  return mark?.kind === kind ? (mark.contents as ContentsByKind[Kind]) : undefined;
}
