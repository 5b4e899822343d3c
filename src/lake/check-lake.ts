import { isFailure, messageOf } from "../base/index.ts";
import { CONTRACT_COLUMNS, field, struct, type StructField, type StructType } from "../contract/index.ts";
import type { GoldDefinition, LakeDefinition, Problem, Rule, SilverDefinition } from "../definition/index.ts";
import { quoteIdentifier, sqlTypeOf, type Engine, type Input } from "../engine/index.ts";
import { publishFlaw, publishes, silverSchema } from "../layers/index.ts";

/** What binds SQL. */
type Binder = Pick<Engine, "schemaOf">;

/**
 * Binds every piece of SQL of a definition (rules, computed columns, Gold queries) against typed tables without rows, so
 * that a misspelt column or function is found before anything runs. Reads no data, writes nothing.
 */
export async function checkLake(definition: LakeDefinition, engine: Binder): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const known = new Map<string, StructType>();
  for (const table of definition.tables) {
    if (table.layer === "silver") {
      problems.push(...(await checkSilver(engine, table)));
      known.set(table.name, silverSchema(table));
      problems.push(...targetProblems(table, silverSchema(table)));
    } else if (table.layer === "gold") {
      const checked = await checkGold(engine, table, known);
      problems.push(...checked.problems);
      if (checked.schema !== undefined) {
        known.set(table.name, checked.schema);
        problems.push(...targetProblems(table, checked.schema));
      }
    }
  }
  return problems;
}

/** Whether keys and columns of what is published are there, and of types that can be. */
function targetProblems(table: SilverDefinition | GoldDefinition, schema: StructType): readonly Problem[] {
  if (!publishes(table)) return [];
  const known = new Set(schema.fields.map((column) => column.name));
  const computed = table.partitionBy.filter(({ name }) => !known.has(name)).map(({ name }) => field(name, "string"));
  const flaw = publishFlaw(table, struct([...schema.fields, ...computed]));
  if (flaw === undefined) return [];
  const got = flaw.message.replace(/^Cannot publish [^:]+: /, "").replace(/ table=.*$/s, "");
  return [problemOf(`tables.${table.name}.publish`, "keys and columns that the table has", got)];
}

/** A piece of SQL over some columns, and where in the configuration it stands. */
interface Expression {
  readonly path: string;
  /** What it should be, for the message. */
  readonly expected: string;
  /** As the engine is asked to bind it. */
  readonly sql: string;
}

async function checkSilver(engine: Binder, table: SilverDefinition): Promise<readonly Problem[]> {
  const place = `tables.${table.name}`;
  const attributes = table.columns.filter((column) => column.from.kind === "attribute");
  const computed = table.columns.flatMap((column) =>
    column.from.kind === "sql" ? [{ column, sql: column.from.sql }] : [],
  );
  const columnSql = computed.map(({ column, sql }): Expression => ({
    path: `${place}.columns.${column.name}`,
    expected: `SQL over the columns that come from attributes, of type ${sqlTypeOf(column.type)}`,
    sql: `CAST((${sql}\n) AS ${sqlTypeOf(column.type)})`,
  }));
  const eventColumns = CONTRACT_COLUMNS.filter((column) => EVENT_COLUMNS.has(column.name));
  return [
    ...(await bindAll(engine, columnSql, emptyRows([...fieldsOf(attributes), ...eventColumns]))),
    ...(await bindAll(engine, rulesOf(place, table.rules), emptyRows([...fieldsOf(table.columns), ...eventColumns]))),
  ];
}

function fieldsOf(columns: SilverDefinition["columns"]): StructField[] {
  return columns.map((column) => field(column.name, column.type));
}

/** Contract columns that a rule may use beside the table's own: they say what the event was. */
const EVENT_COLUMNS = new Set([
  "_event_id",
  "_op",
  "_key",
  "_sequence",
  "_source_ts",
  "_batch_id",
  "_ingest_file",
  "_ingestion_timestamp",
]);

function rulesOf(place: string, rules: readonly Rule[]): Expression[] {
  return rules.map((rule) => ({
    path: `${place}.expect.${rule.name}`,
    expected: "SQL over the table's columns that is true or false",
    sql: `(${rule.condition}\n)`,
  }));
}

interface CheckedGold {
  readonly problems: readonly Problem[];
  readonly schema?: StructType;
}

async function checkGold(
  engine: Binder,
  table: GoldDefinition,
  known: ReadonlyMap<string, StructType>,
): Promise<CheckedGold> {
  // An input with a mistake of its own: what it gives is not known.
  if (table.reads.some((name) => !known.has(name))) return { problems: [] };
  const place = `tables.${table.name}`;
  const inputs: Record<string, Input> = {};
  for (const name of table.reads) {
    const rows = emptyRows(known.get(name)?.fields ?? []);
    inputs[name] = rows;
    if (name.startsWith("silver.")) inputs[`${name}$with_deleted`] = rows;
  }
  const bound = await bind(
    engine,
    { path: `${place}.query`, expected: "a query that gives rows", sql: table.query },
    inputs,
  );
  if ("problem" in bound) return { problems: [bound.problem] };
  const problems: Problem[] = [];
  const hints = new Map(table.columns.map((hint) => [hint.name, hint.type]));
  for (const name of hints.keys()) {
    if (bound.schema.fields.some((column) => column.name === name)) continue;
    const given = bound.schema.fields.map((column) => column.name).join(", ");
    problems.push(
      problemOf(`${place}.columns.${name}`, "a column of the query's result", `a query that gives ${given}`),
    );
  }
  for (const { name, transform } of table.partitionBy) {
    const column = transform.kind === "identity" ? name : transform.column;
    if (bound.schema.fields.some((one) => one.name === column)) continue;
    problems.push(problemOf(`${place}.partitionBy`, "columns of the query's result", `the unknown column ${column}`));
  }
  const result = emptyRows(bound.schema.fields);
  const casts = bound.schema.fields.flatMap((column): Expression[] => {
    const type = hints.get(column.name);
    if (type === undefined) return [];
    const sql = `CAST(${quoteIdentifier(column.name)} AS ${sqlTypeOf(type)})`;
    return [{ path: `${place}.columns.${column.name}`, expected: `a column that can be a ${sqlTypeOf(type)}`, sql }];
  });
  problems.push(...(await bindAll(engine, casts, result)));
  const schema = struct(bound.schema.fields.map((one) => field(one.name, hints.get(one.name) ?? one.type)));
  problems.push(...(await bindAll(engine, rulesOf(place, table.rules), emptyRows(schema.fields))));
  return { problems, schema };
}

/** All at once, which is quick; one by one only where that fails, to tell which. */
async function bindAll(engine: Binder, expressions: readonly Expression[], rows: Input): Promise<readonly Problem[]> {
  if (expressions.length === 0) return [];
  const together = expressions.map(({ sql }, index) => `${sql} AS column${index}`).join(", ");
  const whole = await bind(
    engine,
    { path: "", expected: "", sql: `SELECT ${together} FROM checked` },
    { checked: rows },
  );
  if (!("problem" in whole)) return wrongTypes(expressions, whole.schema);
  const problems: Problem[] = [];
  for (const expression of expressions) {
    const one = { ...expression, sql: `SELECT ${expression.sql} AS column0 FROM checked` };
    const bound = await bind(engine, one, { checked: rows });
    problems.push(...("problem" in bound ? [bound.problem] : wrongTypes([expression], bound.schema)));
  }
  // What only fails together is not a mistake of any one of them.
  return problems;
}

/** Rules must be boolean: a number would pass as true wherever it is not zero. */
function wrongTypes(expressions: readonly Expression[], schema: StructType): readonly Problem[] {
  return expressions.flatMap(({ path, expected }, index) => {
    const type = schema.fields[index]?.type;
    if (!expected.endsWith("true or false") || type === "boolean" || type === undefined) return [];
    return [problemOf(path, expected, `SQL of type ${sqlTypeOf(type)}`)];
  });
}

async function bind(
  engine: Binder,
  { path, expected, sql }: Expression,
  inputs: Readonly<Record<string, Input>>,
): Promise<{ readonly schema: StructType } | { readonly problem: Problem }> {
  try {
    return { schema: await engine.schemaOf({ sql, inputs }) };
  } catch (error) {
    // Anything but a word of the engine about the SQL is no finding but a failure of the check.
    if (!isFailure(error, "query.invalid") && !isFailure(error, "engine.failed")) throw error;
    return { problem: problemOf(path, expected, engineWords(error)) };
  }
}

/** What the engine says about the SQL, without the picture of the place in text that the user has not written. */
function engineWords(error: Error): string {
  const said = error.cause === undefined ? error.message.replace(/^Cannot [^:\n]+: /, "") : messageOf(error.cause);
  return (said.split(/\n+LINE \d+:|\n\n/)[0] ?? said).replaceAll(/\s+/g, " ").trim();
}

function problemOf(path: string, expected: string, got: string): Problem {
  return { path, expected, got, message: `expected ${expected}, got ${got}` };
}

function emptyRows(fields: readonly StructField[]): Input {
  return { kind: "rows", schema: struct(fields), rows: [] };
}
