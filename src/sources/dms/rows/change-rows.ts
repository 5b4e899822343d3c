import { isReservedName, type DataType, type StructType } from "../../../contract/index.ts";
import {
  quoteIdentifier,
  quoteLiteral,
  sqlTypeOf,
  type Input,
  type Relation,
  type Row,
} from "../../../engine/index.ts";
import { field, struct } from "../../../contract/index.ts";
import { keyPart, readValue, rescuedMember, textOf } from "./column-value.ts";
import type { TargetColumns } from "./target-columns.ts";

/** Files of one kind and one set of columns, as one input of the engine. */
export interface Part {
  readonly input: Input;
  /** SQL names of what every row has. */
  readonly file: string;
  readonly row: string;
  /** SQL of the operation as text, NULL where a record has none. */
  readonly operation: string;
  readonly columns: readonly PartColumn[];
}

export interface PartColumn {
  readonly name: string;
  readonly type: DataType;
  /** SQL of its value. */
  readonly sql: string;
}

/** What all rows of a file share. */
export interface FileFacts {
  /** As the parts' `file` has it. */
  readonly key: string;
  readonly path: string;
  readonly isLoad: boolean;
  readonly epoch: number;
  /** 20 digits that sort as the files were written; empty for a load. */
  readonly stamp: string;
  readonly stampMicros: number;
  readonly modifiedMicros: number;
  readonly hasTime: boolean;
  readonly hasSequence: boolean;
  /** Where a record names none. */
  readonly operation: "I" | "U" | null;
}

export interface RowOptions {
  readonly schema: string;
  readonly table: string;
  readonly keys: readonly string[];
  readonly timeColumn: string | undefined;
  readonly sequenceColumn: string | undefined;
  /** Of columns that tell what a key's column was before an update. */
  readonly beforeImagePrefix: string | undefined;
}

/** The end of a load that replaces all that was before it. */
export interface Truncation {
  readonly epoch: number;
  readonly micros: number;
}

const FILES: StructType = struct([
  field("f_key", "string"),
  field("f_path", "string"),
  field("f_load", "boolean"),
  field("f_epoch", "integer"),
  field("f_stamp", "string"),
  field("f_stamp_micros", "long"),
  field("f_modified_micros", "long"),
  field("f_time", "boolean"),
  field("f_sequence", "boolean"),
  field("f_operation", "string"),
]);

/** Rows of files with what makes them events; `problem` says why a row is none. Several relations are made of it. */
export class ChangeRows {
  readonly #options: RowOptions;
  readonly #targets: TargetColumns;
  readonly #with: string;
  readonly #inputs: Record<string, Input>;

  constructor(
    parts: readonly Part[],
    files: readonly FileFacts[],
    { targets, ...options }: RowOptions & { targets: TargetColumns },
  ) {
    this.#options = options;
    this.#targets = targets;
    const rows = parts.map((part, index) => this.#partSql(part, `part ${index}`));
    this.#with = `WITH e AS (${rows.join("\nUNION ALL\n")}),
      j AS (SELECT *, ${microsOf("e_time")} AS commit_micros FROM e JOIN files ON e_file = f_key),
      c AS (SELECT *, CASE WHEN f_time AND commit_micros IS NOT NULL THEN commit_micros ELSE f_stamp_micros END AS micros, ${this.#problem()} AS problem, ${this.#isMoved()} AS is_moved FROM j)`;
    this.#inputs = Object.fromEntries(parts.map((part, index) => [`part ${index}`, part.input]));
    this.#inputs["files"] = { kind: "rows", schema: FILES, rows: files.map((file) => factsRow(file)) };
  }

  /**
   * Of each file: `f_path`, how many rows there are (`rows`), how many of them are no events (`bad`), and how many are two (`moved`); `oldest` and `newest`,
   * the commit times of its changes in microseconds, NULL where there are none.
   */
  counts(): Relation {
    const moved = "count(*) FILTER (is_moved AND problem IS NULL)";
    const times = "commit_micros) FILTER (problem IS NULL AND f_time AND NOT f_load)";
    return this.#select(
      `SELECT f_path, count(*) AS rows, count(problem) AS bad, ${moved} AS moved, min(${times} AS oldest, max(${times} AS newest FROM c GROUP BY f_path`,
    );
  }

  /** `f_path`, `e_row`, `problem` of what is no event. */
  problems(limit: number): Relation {
    return this.#select(
      `SELECT f_path, e_row, problem FROM c WHERE problem IS NOT NULL ORDER BY f_path, e_row LIMIT ${limit}`,
    );
  }

  /** The events as Bronze rows: the contract columns but those of the batch, then the columns of `schema`. */
  events(schema: StructType, truncation: Truncation | undefined): Relation {
    const { schema: folder, table } = this.#options;
    const source = quoteLiteral(`${folder}.${table}`);
    const place = `f_path || '#' || e_row`;
    const head = `lpad(CAST(f_epoch AS VARCHAR), 4, '0') || '-'`;
    const position = `CASE WHEN f_sequence THEN lpad(e_sequence, 40, '0') ELSE f_stamp || lpad(CAST(e_row AS VARCHAR), 20, '0') END`;
    const contract: Readonly<Record<string, string>> = {
      _event_id: `CASE WHEN f_load THEN 'load/' || f_epoch || '/' || ${place}
        WHEN f_sequence THEN 'cdc/' || e_sequence || '/' || ${this.#key()} ELSE 'cdc/' || ${place} END`,
      _op: "CASE WHEN f_load THEN 'R' ELSE coalesce(e_operation, f_operation) END",
      _key: this.#key(),
      // A load's rows are below every change of their epoch: DMS captures changes from the start of the load on.
      _sequence: `CASE WHEN f_load THEN ${head} || '${LOAD_MICROS}-1' ELSE ${head} || lpad(CAST(micros AS VARCHAR), 19, '0') || '-3-' || ${position} END`,
      _source_ts: "make_timestamptz(CASE WHEN f_load THEN coalesce(commit_micros, f_modified_micros) ELSE micros END)",
      _source_system: "'dms'",
      _source_table: source,
      _ingest_file: "f_path",
      _before: "CAST(NULL AS VARCHAR)",
      _source_meta: `'{"row":' || e_row || coalesce(',"op":"' || e_operation || '"', '') || '}'`,
      _rescued: this.#rescued(),
    };
    const columns = schema.fields.flatMap(({ name, type }) => {
      if (Object.hasOwn(contract, name)) return [`${contract[name] ?? ""} AS ${quoteIdentifier(name)}`];
      return isReservedName(name) ? [] : [`${this.#valueName(name, type)} AS ${quoteIdentifier(name)}`];
    });
    const rows = [`SELECT ${columns.join(",\n  ")}\nFROM c WHERE problem IS NULL`];
    if (this.#options.beforeImagePrefix !== undefined) rows.push(this.#movedSql(contract));
    if (truncation !== undefined) rows.push(truncateSql(truncation, source));
    return this.#select(rows.join("\nUNION ALL BY NAME\n"));
  }

  /** An update of the key itself is one record: its row under the old key is gone at the same moment. */
  #movedSql(contract: Readonly<Record<string, string>>): string {
    const own: Readonly<Record<string, string>> = {
      ...contract,
      _event_id: `CASE WHEN f_sequence THEN 'cdc/' || e_sequence || '/' || ${this.#key("o")} ELSE 'cdc/' || f_path || '#' || e_row || '/D' END`,
      _op: "'D'",
      _key: this.#key("o"),
      _source_meta: `'{"row":' || e_row || ',"movedTo":' || CAST(to_json(${this.#key()}) AS VARCHAR) || '}'`,
      _rescued: "CAST(NULL AS VARCHAR)",
    };
    const columns = Object.entries(own).map(([name, sql]) => `${sql} AS ${quoteIdentifier(name)}`);
    return `SELECT ${columns.join(",\n  ")}\nFROM c WHERE problem IS NULL AND is_moved`;
  }

  #isMoved(): string {
    if (this.#options.beforeImagePrefix === undefined) return "false";
    return `(NOT f_load AND coalesce(e_operation, f_operation) = 'U' AND ${this.#key("o")} <> ${this.#key()})`;
  }

  #select(sql: string): Relation {
    return { sql: `${this.#with}\n${sql}`, inputs: this.#inputs };
  }

  #partSql(part: Part, name: string): string {
    const { keys, timeColumn, sequenceColumn, beforeImagePrefix } = this.#options;
    const column = (wanted: string | undefined): PartColumn | undefined =>
      part.columns.find((one) => one.name === wanted);
    const text = (wanted: string | undefined): string => {
      const found = column(wanted);
      return found === undefined ? "CAST(NULL AS VARCHAR)" : textOf(found.sql, found.type);
    };
    const partOf = (key: string, name_: string): string => {
      const found = column(name_);
      return found === undefined
        ? "CAST(NULL AS VARCHAR)"
        : keyPart(found.sql, found.type, this.#targets.get(key) ?? found.type);
    };
    const keyParts = keys.map((key, index) => `${partOf(key, key)} AS k${index}`);
    // Some databases tell only what has changed.
    const oldParts = beforeImagePrefix === undefined ? [] : keys.map((key, index) => `coalesce(${partOf(key, beforeImagePrefix + key)}, ${partOf(key, key)}) AS o${index}`); // prettier-ignore
    const rescues: string[] = [];
    const values = [...this.#targets].map(([target, type], index) => {
      const found = column(target);
      if (found === undefined) return `CAST(NULL AS ${sqlTypeOf(type)}) AS v${index}`;
      const { value, misfit } = readValue(found.sql, found.type, type);
      if (misfit !== "false") rescues.push(`CASE WHEN ${misfit} THEN ${rescuedMember(target, found.sql, found.type)} END`); // prettier-ignore
      return `CAST(${value} AS ${sqlTypeOf(type)}) AS v${index}`;
    });
    for (const { name: own, sql, type } of part.columns) {
      if (!this.#targets.has(own)) rescues.push(`CASE WHEN ${sql} IS NOT NULL THEN ${rescuedMember(own, sql, type)} END`); // prettier-ignore
    }
    const rescued = rescues.length === 0 ? "CAST(NULL AS VARCHAR)" : `nullif(concat_ws(',', ${rescues.join(", ")}), '')`; // prettier-ignore
    const fixed = [
      `${part.file} AS e_file`,
      `CAST(${part.row} AS BIGINT) AS e_row`,
      `${part.operation} AS e_operation`,
      `${text(timeColumn)} AS e_time`,
      `${text(sequenceColumn)} AS e_sequence`,
      `${rescued} AS e_rescued`,
    ];
    return `SELECT ${[...fixed, ...keyParts, ...oldParts, ...values].join(", ")} FROM ${quoteIdentifier(name)}`;
  }

  #problem(): string {
    const { keys, timeColumn, sequenceColumn } = this.#options;
    const cases = [
      `WHEN f_load AND e_operation IS NOT NULL AND e_operation <> 'I' THEN 'the operation of a load is I, and this is ' || left(e_operation, 20)`,
      `WHEN NOT f_load AND coalesce(e_operation, f_operation, '') NOT IN ('I', 'U', 'D') THEN 'the operation is none of I, U and D: ' || left(coalesce(e_operation, 'NULL'), 20)`,
      ...keys.map((key, index) => `WHEN k${index} IS NULL THEN ${quoteLiteral(`the key column ${JSON.stringify(key)} is NULL`)}`), // prettier-ignore
      `WHEN NOT f_load AND f_time AND commit_micros IS NULL THEN ${quoteLiteral(`the column ${JSON.stringify(timeColumn)} is no time as DMS writes it: `)} || left(coalesce(e_time, 'NULL'), 40)`,
      `WHEN NOT f_load AND f_sequence AND NOT coalesce(regexp_full_match(e_sequence, '[0-9]{1,40}'), false) THEN ${quoteLiteral(`the column ${JSON.stringify(sequenceColumn)} is no number of at most 40 digits: `)} || left(coalesce(e_sequence, 'NULL'), 50)`,
    ];
    return `CASE ${cases.join(" ")} END`;
  }

  /** `k`: of the key as it is; `o`: as it was. */
  #key(parts: "k" | "o" = "k"): string {
    return this.#options.keys.map((_key, index) => `${parts}${index}`).join(" || '|' || ");
  }

  #rescued(): string {
    return `CASE WHEN e_rescued IS NOT NULL THEN '{' || e_rescued || '}' END`;
  }

  #valueName(name: string, type: DataType): string {
    const index = [...this.#targets.keys()].indexOf(name);
    return index < 0 ? `CAST(NULL AS ${sqlTypeOf(type)})` : `v${index}`;
  }
}

const LOAD_MICROS = "0".repeat(19);

/** A batch that has nothing but the end of a load. */
export function truncationAlone(
  schema: StructType,
  truncation: Truncation,
  { schema: folder, table }: RowOptions,
): Relation {
  const own = new Set(["_batch_id", "_ingestion_timestamp", "_ingestion_date"]);
  const columns = struct(schema.fields.filter(({ name }) => !own.has(name)));
  return {
    sql: `SELECT * FROM nothing UNION ALL BY NAME ${truncateSql(truncation, quoteLiteral(`${folder}.${table}`))}`,
    inputs: { nothing: { kind: "rows", schema: columns, rows: [] } },
  };
}

function truncateSql({ epoch, micros }: Truncation, source: string): string {
  const head = String(epoch).padStart(4, "0");
  return `SELECT 'load/${epoch}/T' AS _event_id, 'T' AS _op, '${head}-${LOAD_MICROS}-0' AS _sequence,
    make_timestamptz(${micros}) AS _source_ts, 'dms' AS _source_system, ${source} AS _source_table`;
}

/** Microseconds of a commit time: `yyyy-MM-dd HH:mm:ss.SSSSSS`, UTC; NULL for anything else. */
function microsOf(text: string): string {
  const form = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+]00(:?00)?)?";
  const micros = `epoch_us(TRY_CAST(regexp_replace(${text}, '(Z|[+]00(:?00)?)$', '') AS TIMESTAMP))`;
  return `CASE WHEN regexp_full_match(${text}, '${form}') AND ${micros} >= 0 THEN ${micros} END`;
}

function factsRow(file: FileFacts): Row {
  return {
    f_key: file.key,
    f_path: file.path,
    f_load: file.isLoad,
    f_epoch: file.epoch,
    f_stamp: file.stamp,
    f_stamp_micros: BigInt(file.stampMicros),
    f_modified_micros: BigInt(file.modifiedMicros),
    f_time: file.hasTime,
    f_sequence: file.hasSequence,
    f_operation: file.operation,
  };
}
