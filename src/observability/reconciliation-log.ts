import { field, struct, type StructType } from "../contract/index.ts";
import { AUTO_COMPACTION } from "../definition/index.ts";
import type { Row } from "../engine/index.ts";
import { compactAfterCommit, openNewest, type LayerContext, type ReconcileReport } from "../layers/index.ts";

/** `system.reconciliations`: how each source was compared with what the lake has of it. */
const RECONCILIATIONS_SCHEMA: StructType = struct([
  field("run", "string"),
  field("table_name", "string"),
  field("verdict", "string", { comment: "equal, different, or undecided" }),
  field("version", "long", { comment: "of the Bronze table" }),
  field("source_records", "long"),
  field("lake_records", "long"),
  field("buckets", "long"),
  field("buckets_different", "long"),
  field("candidates", "long", { comment: "keys that were looked at one by one, or were to be" }),
  field("missing", "long", { comment: "records that the source has and the lake has not" }),
  field("extra", "long", { comment: "records that the lake has and the source has not" }),
  field("different", "long"),
  field("moving", "long", { comment: "keys that changed whenever they were looked at" }),
  field("unchecked", "long", { comment: "keys beyond those that are looked at one by one" }),
  field("differing", "string", { comment: "JSON: some of the keys, with the attributes that differ" }),
  field("started_at", "timestamp"),
  field("elapsed_ms", "long"),
]);

export async function recordReconciliation(context: LayerContext, report: ReconcileReport): Promise<void> {
  const { table, verdict, startedMs, keys } = report;
  const counts = {
    version: report.version,
    source_records: report.sourceRecords,
    lake_records: report.lakeRecords,
    buckets: report.buckets,
    buckets_different: report.bucketsDifferent,
    candidates: report.candidates,
    missing: report.missing,
    extra: report.extra,
    different: report.different,
    moving: report.moving,
    unchecked: report.unchecked,
    elapsed_ms: Math.round(report.elapsedMs),
  };
  const row: Row = {
    run: context.run,
    table_name: table,
    verdict,
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, BigInt(count)])),
    differing: JSON.stringify(keys.map(({ key, what, attributes }) => ({ key, what, attributes }))),
    started_at: BigInt(startedMs) * 1000n,
  };
  const place = context.tables.place("system", "reconciliations");
  const description = "How sources were compared with what the lake has of them";
  await context.engine.append(
    await openNewest(place),
    { sql: "SELECT * FROM one", inputs: { one: { kind: "rows", schema: RECONCILIATIONS_SCHEMA, rows: [row] } } },
    { schema: RECONCILIATIONS_SCHEMA, create: { name: place.name, description, schema: RECONCILIATIONS_SCHEMA } },
  );
  await compactAfterCommit(context, place, { limits: AUTO_COMPACTION });
}
