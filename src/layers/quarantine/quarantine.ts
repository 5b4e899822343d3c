import { arrayOf, field, struct, type StructType } from "../../contract/index.ts";
import type { Relation } from "../../engine/index.ts";
import { openNewest, type LayerContext } from "../context.ts";

/** One row is one record that was set aside: why, where it came from, and all of it. */
const QUARANTINE_SCHEMA: StructType = struct([
  field("_quarantine_id", "string", {
    comment: "the same record for the same reason has the same id, however often it is set aside",
  }),
  field("table_name", "string"),
  field("reasons", arrayOf("string"), {
    comment: "rule:<name>, fits:<column>, null key, null sequence, late, or why a line is no record",
  }),
  field("_key", "string"),
  field("_sequence", "string"),
  field("_event_id", "string"),
  field("_batch_id", "long"),
  field("_ingest_file", "string"),
  field("line", "long", { comment: "from 1, in the uncompressed file" }),
  field("byte_offset", "long", { comment: "in the uncompressed file" }),
  field("_source_ts", "timestamp"),
  field("raw", "string", { comment: "the whole record: the Bronze row as JSON, or the bytes of the line as base64" }),
  field("raw_encoding", "string", { comment: "json or base64" }),
  field("run", "string"),
  field("_quarantined_at", "timestamp"),
]);

/** `silver.orders` sets records aside in `quarantine.silver_orders`. */
export function quarantineName(table: string): string {
  return table.replace(".", "_");
}

/**
 * Sets records aside, once each: a record that is there already (a run that is repeated after a crash) is left as it is.
 * `rows` has the columns of `QUARANTINE_SCHEMA` but `run` and `_quarantined_at`. Returns how many are new.
 */
export async function setAside(context: LayerContext, table: string, rows: Relation): Promise<number> {
  const place = context.tables.place("quarantine", quarantineName(table));
  const stamped: Relation = {
    sql: `SELECT DISTINCT ON (_quarantine_id) *, '${context.run}' AS run,
      CAST('${new Date(context.world.nowMs()).toISOString()}' AS TIMESTAMPTZ) AS _quarantined_at FROM rejected`,
    inputs: { rejected: { kind: "relation", relation: rows } },
  };
  const outcome = await context.engine.merge(
    await openNewest(place),
    { source: stamped, keys: ["_quarantine_id"], matched: { updateWhen: false } },
    {
      create: {
        name: place.name,
        description: `Records that ${table} set aside, with the reason and the whole record`,
        schema: QUARANTINE_SCHEMA,
      },
    },
  );
  return outcome.kind === "committed" ? outcome.metrics.rowsInserted : 0;
}
