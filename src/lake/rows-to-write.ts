import { SluiceError } from "../base/index.ts";
import { struct, type StructField, type StructType } from "../contract/index.ts";
import {
  quoteIdentifier,
  sqlTypeOf,
  type Engine,
  type Input,
  type Relation,
  type Row,
  type Scratch,
} from "../engine/index.ts";
import type { RowsOf } from "./delta-table-options.ts";

/** The table that rows are written to. */
export interface Target {
  readonly path: string;
  readonly schema: StructType;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/** A relation, and what has to be kept for as long as it is read. */
export interface RowsToWrite extends AsyncDisposable {
  readonly relation: Relation;
}

/** Rows as a relation. Those that come one after the other are kept in the spill folder first: a commit may need them twice. */
export async function rowsToWrite(target: Target, rows: RowsOf<object>): Promise<RowsToWrite> {
  if ("sql" in rows) return { relation: rows, [Symbol.asyncDispose]: async () => {} };
  if ("parquet" in rows) return all({ kind: "parquet", files: rows.parquet });
  if (isArray(rows)) return all({ kind: "rows", schema: columnsOf(target, rows), rows: rows as readonly Row[] });
  const { engine, signal } = target;
  if ("arrow" in rows) {
    const scratch = await engine.stage({ kind: "arrow", stream: rows.arrow }, { signal });
    return kept(scratch, scratch.schema.fields.map((column) => typed(target, column)).join(", "));
  }
  const named = new NamedColumns(target);
  const staged = { kind: "rows", schema: target.schema, rows: batchesOf(rows, named) } as const;
  const scratch = await engine.stage(staged, { signal });
  return kept(scratch, named.columns.map(({ name }) => quoteIdentifier(name)).join(", "));
}

/** A column of nothing but nulls is of the type that the table's column has. */
function typed({ schema }: Target, { name, type }: StructField): string {
  const column = schema.fields.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (type !== "void" || column === undefined) return quoteIdentifier(name);
  return `NULL::${sqlTypeOf(column.type)} AS ${quoteIdentifier(name)}`;
}

function all(input: Input): RowsToWrite {
  return { relation: { sql: "SELECT * FROM given", inputs: { given: input } }, [Symbol.asyncDispose]: async () => {} };
}

function kept(scratch: Scratch, columns: string): RowsToWrite {
  const given: Input = { kind: "scratch", scratch };
  return {
    relation: { sql: `SELECT ${columns} FROM given`, inputs: { given } },
    [Symbol.asyncDispose]: async () => {
      await scratch[Symbol.asyncDispose]();
    },
  };
}

function isArray(rows: RowsOf<object>): rows is readonly object[] {
  return Array.isArray(rows);
}

function columnsOf(target: Target, rows: readonly object[]): StructType {
  const named = new NamedColumns(target);
  for (const row of rows) named.see(row);
  return struct(named.columns);
}

type RowStream = Iterable<object> | AsyncIterable<object>;

async function* batchesOf(rows: RowStream, named: NamedColumns): AsyncGenerator<readonly Row[]> {
  for await (const item of rows) {
    const batch: readonly object[] = Array.isArray(item) ? item : [item];
    for (const row of batch) named.see(row);
    yield batch as readonly Row[];
  }
}

/** The table's columns that rows name; a name that the table does not have is refused. */
class NamedColumns {
  readonly #named = new Set<string>();
  readonly #known: ReadonlySet<string>;
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
    this.#known = new Set(target.schema.fields.map(({ name }) => name));
  }

  see(row: object): void {
    if (typeof row !== "object" || row === null) throw this.#refuse("a row is no object", typeof row);
    for (const name of Object.keys(row)) {
      if (this.#named.has(name)) continue;
      if (!this.#known.has(name)) throw this.#refuse(`it has no column ${name}`, name);
      this.#named.add(name);
    }
  }

  /** All of them where there is no row. */
  get columns(): StructType["fields"] {
    const { fields } = this.#target.schema;
    return this.#named.size === 0 ? fields : fields.filter(({ name }) => this.#named.has(name));
  }

  #refuse(why: string, columns: string): SluiceError {
    const { path } = this.#target;
    return new SluiceError("table.schema-mismatch", `Cannot write to ${path}: ${why}`, { facts: { path, columns } });
  }
}
