import { SluiceError } from "../base/index.ts";
import type { StructType } from "../contract/index.ts";
import { quoteLiteral, type OpenTable, type Relation } from "../engine/index.ts";
import { openNewest, quarantineName } from "../layers/index.ts";
import type { Lake } from "./open-lake.ts";
import { millisCell, numberCell, textCell } from "./row-cells.ts";

/** How many records of a table were set aside for one reason. */
export interface QuarantineCount {
  readonly table: string;
  readonly reason: string;
  readonly records: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Counts by table and reason, most first; a record with several reasons counts under each. `only`: one table. */
export async function countQuarantined(lake: Lake, only?: string): Promise<readonly QuarantineCount[]> {
  const counts: QuarantineCount[] = [];
  for (const table of await quarantineTables(lake, only)) {
    const rows = await lake.engine.rows({
      sql: `SELECT table_name, reason, count(*) AS records, min(_quarantined_at) AS first_at, max(_quarantined_at) AS last_at
        FROM (SELECT table_name, unnest(reasons) AS reason, _quarantined_at FROM quarantine) GROUP BY ALL ORDER BY records DESC, reason`,
      inputs: { quarantine: { kind: "table", table } },
    });
    for (const row of rows) {
      counts.push({
        table: textCell(row, "table_name"),
        reason: textCell(row, "reason"),
        records: numberCell(row, "records"),
        firstMs: millisCell(row, "first_at"),
        lastMs: millisCell(row, "last_at"),
      });
    }
  }
  return counts;
}

export interface QuarantineFilter {
  readonly table?: string | undefined;
  /** A rule's name or a whole reason (`rule:positive_amount`, `null key`). */
  readonly reason?: string | undefined;
  readonly limit: number;
}

/** Records that were set aside, newest first, whole. Undefined when none ever was. */
export async function quarantinedRecords(
  lake: Lake,
  filter: QuarantineFilter,
): Promise<{ readonly relation: Relation; readonly schema: StructType } | undefined> {
  const tables = await quarantineTables(lake, filter.table);
  if (tables.length === 0) return undefined;
  const inputs = Object.fromEntries(
    tables.map((table, index) => [`quarantine${index}`, { kind: "table", table }] as const),
  );
  const all = Object.keys(inputs)
    .map((name) => `SELECT * FROM ${name}`)
    .join(" UNION ALL BY NAME ");
  const wanted = filter.reason === undefined ? "true" : `list_has_any(reasons, [${reasonsNamed(filter.reason)}])`;
  const relation: Relation = {
    sql: `SELECT table_name, reasons, _key, _source_ts, _ingest_file, line, byte_offset, _batch_id, raw, raw_encoding, run, _quarantined_at, _quarantine_id
      FROM (${all}) WHERE ${wanted} ORDER BY _quarantined_at DESC, _quarantine_id LIMIT ${filter.limit}`,
    inputs,
  };
  return { relation, schema: await lake.engine.schemaOf(relation) };
}

function reasonsNamed(reason: string): string {
  return [reason, `rule:${reason}`, `fits:${reason}`].map((one) => quoteLiteral(one)).join(", ");
}

/** Quarantine tables that exist; of one table where it is named (`silver.orders`). Fails with `table.missing` on another name. */
async function quarantineTables(lake: Lake, only: string | undefined): Promise<readonly OpenTable[]> {
  const names = lake.definition.tables.map((table) => table.name as string);
  if (only !== undefined && !names.includes(only)) {
    throw new SluiceError("table.missing", `Cannot find the table ${only}: the lake does not define it`, {
      facts: { table: only, tables: names.join(", ") },
    });
  }
  const tables: OpenTable[] = [];
  for (const name of only === undefined ? names : [only]) {
    const table = await openNewest(lake.tables.place("quarantine", quarantineName(name)));
    if (table.snapshot !== undefined) tables.push(table);
  }
  return tables;
}
