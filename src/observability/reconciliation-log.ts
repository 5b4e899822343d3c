import { isFailure } from "../base/index.ts";
import { field, struct, type StructType, type TableName } from "../contract/index.ts";
import { AUTO_COMPACTION } from "../definition/index.ts";
import type { Row } from "../engine/index.ts";
import {
  compactAfterCommit,
  openNewest,
  type LayerContext,
  type ReconcileReport,
  type TablePlace,
} from "../layers/index.ts";

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
  await append(context, { place, row, claim: { table, startedMs } });
  await compactAfterCommit(context, place, { limits: AUTO_COMPACTION });
}

interface Recorded {
  readonly place: TablePlace;
  readonly row: Row;
  readonly claim: { readonly table: TableName; readonly startedMs: number };
}

/** The row, and with it in one commit when the table was compared last. */
async function append(context: LayerContext, { place, row, claim }: Recorded): Promise<void> {
  const description = "How sources were compared with what the lake has of them";
  for (let tries = 1; ; tries += 1) {
    const table = await openNewest(place);
    const txn = lastClaim(table.snapshot?.txns, { ...claim, nowMs: context.world.nowMs() });
    try {
      await context.engine.append(
        table,
        { sql: "SELECT * FROM one", inputs: { one: { kind: "rows", schema: RECONCILIATIONS_SCHEMA, rows: [row] } } },
        {
          schema: RECONCILIATIONS_SCHEMA,
          create: { name: place.name, description, schema: RECONCILIATIONS_SCHEMA },
          txns: txn === undefined ? [] : [txn],
        },
      );
      return;
    } catch (error) {
      // Another process recorded one of the same table.
      if (!isFailure(error, "table.superseded") || tries === TRIES_MAX) throw error;
    }
  }
}

const TRIES_MAX = 5;

/** undefined: one that began later is recorded already, by a clock that can be right. */
function lastClaim(
  txns: ReadonlyMap<string, { readonly version: number }> | undefined,
  { table, startedMs, nowMs }: Recorded["claim"] & { readonly nowMs: number },
): { readonly appId: string; readonly version: number; readonly expected: number } | undefined {
  const appId = appIdOf(table);
  const expected = txns?.get(appId)?.version ?? -1;
  return expected >= startedMs && expected <= nowMs ? undefined : { appId, version: startedMs, expected };
}

/** When the last complete comparison of a table began; undefined: none is recorded. Reads the log alone. */
export async function lastReconciledMs(
  context: Pick<LayerContext, "tables">,
  table: TableName,
): Promise<number | undefined> {
  const head = await context.tables.place("system", "reconciliations").log.head();
  return head?.txns.get(appIdOf(table))?.version;
}

function appIdOf(table: TableName): string {
  return `reconcile/${table}`;
}
