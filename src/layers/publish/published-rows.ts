import { SluiceError } from "../../base/index.ts";
import {
  OWN_WRITE,
  decimalParts,
  struct,
  type DataType,
  type StructField,
  type StructType,
} from "../../contract/index.ts";
import type {
  GoldDefinition,
  KeyTemplate,
  PublishDefinition,
  SilverDefinition,
  TableDefinition,
} from "../../definition/index.ts";
import { quoteIdentifier, quoteLiteral, type Input, type Relation } from "../../engine/index.ts";

/** A table that says where it is published. */
export type PublishedDefinition = (SilverDefinition | GoldDefinition) & { readonly publish: PublishDefinition };

/** Whether a table says where it is published. */
export function publishes(definition: TableDefinition): definition is PublishedDefinition {
  return definition.layer !== "bronze" && definition.publish !== undefined;
}

/** What a key attribute can be: text always, a number or bytes where a column alone fills it. */
export type KeyKind = "text" | "number" | "bytes";

export interface PublishedRows {
  /** Columns that become attributes. */
  readonly schema: StructType;
  readonly keys: readonly { readonly attribute: string; readonly kind: KeyKind }[];
  /** `__key0`, and `__key1` where there are two. */
  readonly keyColumns: readonly string[];
  /** The live rows of an input that has the table's columns: keys, the columns that are published, and `also`. */
  of(input: Input, also?: string): Relation;
}

/** How the rows of a table become items, by its columns as they are. Fails with `plan.refused` where a key or a column cannot be. */
export function publishedRows(definition: PublishedDefinition, { fields }: StructType): PublishedRows {
  const { publish, name } = definition;
  const columns = new Map(fields.map((column) => [column.name, column]));
  const keys = publish.keys.map((template) => ({ template, ...keyOf(name, template, columns) }));
  const schema = struct(chosenColumns(definition, fields));
  if (schema.fields.some((column) => column.name === OWN_WRITE)) {
    throw refused(name, `the column ${OWN_WRITE} has the name of the attribute that Sluice keeps for itself`, {
      column: OWN_WRITE,
    });
  }
  const keyColumns = keys.map((_key, index) => `__key${index}`);
  const selected = [
    ...keys.map(({ sql }, index) => `${sql} AS __key${index}`),
    ...schema.fields.map((column) => quoteIdentifier(column.name)),
  ];
  const live = definition.layer === "silver" ? " WHERE NOT _is_deleted" : "";
  return {
    schema,
    keys: keys.map(({ template, kind }) => ({ attribute: template.attribute, kind })),
    keyColumns,
    of: (input, also) => ({
      sql: `SELECT ${[...selected, ...(also === undefined ? [] : [also])].join(", ")} FROM rows${live}`,
      inputs: { rows: input },
    }),
  };
}

/** Why a definition does not fit the columns of its table; undefined where it does. */
export function publishFlaw(definition: PublishedDefinition, schema: StructType): SluiceError | undefined {
  try {
    publishedRows(definition, schema);
    return undefined;
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}

function chosenColumns(definition: PublishedDefinition, fields: readonly StructField[]): readonly StructField[] {
  const { publish } = definition;
  const wanted = publish.columns ?? declaredColumns(definition);
  if (wanted === undefined) return fields;
  return wanted.map((name) => {
    const column = fields.find((one) => one.name === name);
    if (column === undefined)
      throw refused(definition.name, `the table has no column ${JSON.stringify(name)}`, { column: name });
    return column;
  });
}

/** What Silver adds for itself nobody else has asked for. */
function declaredColumns(definition: PublishedDefinition): readonly string[] | undefined {
  return definition.layer === "silver" ? definition.columns.map((column) => column.name) : undefined;
}

function keyOf(
  table: string,
  { attribute, parts }: KeyTemplate,
  columns: ReadonlyMap<string, StructField>,
): { readonly sql: string; readonly kind: KeyKind } {
  const pieces = parts.map((part) => {
    if ("text" in part) return { sql: quoteLiteral(part.text), kind: "text" as const };
    const column = columns.get(part.column);
    if (column === undefined) {
      throw refused(
        table,
        `the key ${attribute} names ${JSON.stringify(part.column)}, which is no column of the table`,
        {
          key: attribute,
        },
      );
    }
    return columnPiece(table, attribute, column);
  });
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  if (pieces.some(({ kind }) => kind === "bytes")) {
    throw refused(table, `the key ${attribute} puts bytes into a text`, { key: attribute });
  }
  return { sql: pieces.map(({ sql }) => sql).join(" || "), kind: "text" };
}

function columnPiece(
  table: string,
  attribute: string,
  { name, type }: StructField,
): { readonly sql: string; readonly kind: KeyKind } {
  const column = quoteIdentifier(name);
  const text = `CAST(${column} AS VARCHAR)`;
  if (isNumber(type)) return { sql: text, kind: "number" };
  const moment = `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%f')`;
  const pieces: Readonly<Record<string, { readonly sql: string; readonly kind: KeyKind }>> = {
    string: { sql: column, kind: "text" },
    boolean: { sql: text, kind: "text" },
    date: { sql: text, kind: "text" },
    timestamp: { sql: `(${moment} || 'Z')`, kind: "text" },
    timestamp_ntz: { sql: moment, kind: "text" },
    binary: { sql: `base64(${column})`, kind: "bytes" },
  };
  const title = typeof type === "string" ? type : type.type;
  const piece = pieces[title];
  if (piece !== undefined) return piece;
  throw refused(table, `the key ${attribute} is made of ${name}, and a ${title} does not tell rows apart for certain`, {
    key: attribute,
    column: name,
  });
}

function isNumber(type: DataType): boolean {
  return (
    decimalParts(type) !== undefined || type === "long" || type === "integer" || type === "short" || type === "byte"
  );
}

function refused(table: string, why: string, facts: Readonly<Record<string, string>>): SluiceError {
  return new SluiceError("plan.refused", `Cannot publish ${table}: ${why}`, {
    facts: { table, ...facts },
    advice: "Correct `publish` of the table; nothing was written.",
  });
}
