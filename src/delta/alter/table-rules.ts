import { SluiceError, parseJson } from "../../base/index.ts";
import { isArray, isMap, isStruct, type DataType, type StructField } from "../../contract/index.ts";
import type { TableMetadata } from "../actions.ts";
import { isObject } from "../log/action-members.ts";

/** What a table demands of rows that are written, as expressions in Spark's SQL (Delta PROTOCOL: writer requirements). */
export interface TableRules {
  /** Must be true of every row; neither false nor null will do. */
  readonly checks: readonly { readonly name: string; readonly expression: string }[];
  /** What a column is computed by, by its name. */
  readonly generated: ReadonlyMap<string, string>;
  /** What a column is where rows do not have it, by its name. */
  readonly defaults: ReadonlyMap<string, string>;
}

const CONSTRAINT_PREFIX = "delta.constraints.";

/** A rule that we would not keep (an invariant inside of a list, say) fails with `table.unsupported`. */
export function tableRules({ schema, configuration }: Pick<TableMetadata, "schema" | "configuration">): TableRules {
  const checks = Object.entries(configuration)
    .filter(([key]) => key.startsWith(CONSTRAINT_PREFIX))
    .map(([key, expression]) => ({ name: `constraint ${key.slice(CONSTRAINT_PREFIX.length)}`, expression }));
  const generated = new Map<string, string>();
  const defaults = new Map<string, string>();
  for (const field of schema.fields) {
    const expression = field.metadata["delta.generationExpression"];
    if (typeof expression === "string") generated.set(field.name, expression);
    const value = field.metadata["CURRENT_DEFAULT"];
    if (typeof value === "string") defaults.set(field.name, value);
  }
  return { checks: [...checks, ...invariantsIn(schema, { inList: false })], generated, defaults };
}

function* invariantsIn(type: DataType, place: { inList: boolean }): Generator<{ name: string; expression: string }> {
  if (isStruct(type)) {
    for (const field of type.fields) {
      const invariant = invariantOf(field);
      if (invariant !== undefined && place.inList) {
        throw new SluiceError(
          "table.unsupported",
          `Cannot keep the invariant of ${field.name}: it is inside of a list or map`,
        );
      }
      if (invariant !== undefined) yield { name: `the invariant of column ${field.name}`, expression: invariant };
      yield* invariantsIn(field.type, place);
    }
  } else if (isArray(type)) yield* invariantsIn(type.elementType, { inList: true });
  else if (isMap(type)) {
    yield* invariantsIn(type.keyType, { inList: true });
    yield* invariantsIn(type.valueType, { inList: true });
  }
}

/** `{"expression":{"expression":"x > 3"}}` (Delta PROTOCOL, "Column Invariants"). */
function invariantOf(field: StructField): string | undefined {
  const text = field.metadata["delta.invariants"];
  if (typeof text !== "string") return undefined;
  const outer = parseJson(text);
  const inner = isObject(outer) ? outer["expression"] : undefined;
  const expression = isObject(inner) ? inner["expression"] : undefined;
  if (typeof expression === "string") return expression;
  throw new SluiceError("table.unsupported", `Cannot keep the invariant of ${field.name}: ${text} is not one`);
}

/** The metadata with one more constraint; one of that name with another expression fails with `table.schema-mismatch`. */
export function addConstraint(
  metadata: TableMetadata,
  { name, expression }: { readonly name: string; readonly expression: string },
): TableMetadata {
  const key = keyOf(name);
  const present = metadata.configuration[key];
  if (present === expression) return metadata;
  if (present !== undefined) {
    throw new SluiceError("table.schema-mismatch", `Cannot add constraint ${name}: there is one already: ${present}`);
  }
  return { ...metadata, configuration: { ...metadata.configuration, [key]: expression } };
}

export function dropConstraint(metadata: TableMetadata, name: string): TableMetadata {
  const { [keyOf(name)]: expression, ...configuration } = metadata.configuration;
  if (expression !== undefined) return { ...metadata, configuration };
  throw new SluiceError("table.schema-mismatch", `Cannot drop constraint ${name}: the table has none of that name`);
}

/** Names of constraints count without case. */
function keyOf(name: string): string {
  if (/^\w+$/.test(name)) return `${CONSTRAINT_PREFIX}${name.toLowerCase()}`;
  throw new SluiceError(
    "table.schema-mismatch",
    `Cannot name a constraint ${name}: letters, digits and _ are expected`,
  );
}
