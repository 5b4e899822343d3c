import { SluiceError, type PrivateFolder } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { BronzeDefinition } from "../definition/index.ts";
import { engineInTurns } from "../engine/index.ts";
import {
  reconcileDueMs,
  reconcileTable,
  silverKeys,
  type LayerContext,
  type Reconciliation,
  type SilverKeys,
} from "../layers/index.ts";
import { lastReconciledMs, recordReconciliation } from "../observability/index.ts";
import { asFailure, type ComparisonReport, type ReconcileWork, type RunReport } from "../orchestration/index.ts";
import type { Source, SourceContents } from "../sources/index.ts";
import { openNote, withLease, type Leased } from "../storage/index.ts";
import { hasGap, isCovered, lakeCoverage } from "./lake-coverage.ts";
import type { Lake } from "./open-lake.ts";

export interface ReconcileRequest {
  /** Read units a second that looking at the source may use, or a share (0 to 1) of what it allows; as many as it gives unless told. */
  readonly readCapacity?: number | { readonly share: number };
  /** Keys that are named at most. 20 unless told. */
  readonly shownMax?: number;
}

const SHOWN_KEYS = 20;

interface Comparing extends ReconcileRequest {
  readonly openFolder: () => Promise<PrivateFolder>;
}

/** Takes in what some tables' sources have now. */
type Drain = (only: readonly TableName[]) => Promise<RunReport>;

/**
 * Compares what a source has at present with what the Bronze table has of it, and records the outcome in `system.reconciliations`.
 * Takes in what is new first and while it compares.
 */
export async function reconcileLake(
  lake: Lake,
  context: LayerContext,
  table: TableName,
  { drain, ...request }: Comparing & { readonly drain: Drain },
): Promise<Reconciliation> {
  const definition = bronzeOf(lake, table);
  contentsOf(lake.source(definition), table);
  const catchUp = async (): Promise<void> => stopAtFailure(await drain([table]));
  await catchUp();
  await refuseUnloaded(lake, table);
  return await compare(lake, context, definition, { ...request, catchUp });
}

/** How tables are compared while they are kept fresh: whoever reads them goes on, and is waited for. */
export function scheduledReconciling(lake: Lake, openFolder: Comparing["openFolder"]): ReconcileWork {
  return {
    lastMs: async (table) => await lastReconciledMs(lake, table),
    isLoaded: async (definition) => await isCovered(lake, definition),
    compare: async (context, definition, { catchUp, slots }) => {
      const slow = { ...context, engine: engineInTurns(lake.engine, slots) };
      return await compareAlone(lake, slow, definition, { openFolder, catchUp });
    },
  };
}

/** Whether a table is to be compared with its source by now. Reads the log of the record alone. */
export async function isComparisonDue(lake: Lake, { name, reconcile }: BronzeDefinition): Promise<boolean> {
  if (reconcile === undefined) return false;
  const nowMs = lake.world.nowMs();
  const lastMs = await lastReconciledMs(lake, name);
  return reconcileDueMs({ lastMs, everyMs: reconcile.everyMs, nowMs }) <= nowMs;
}

/**
 * Compares, after a run, those tables with their sources for which that is due and that are loaded, one after the other. Whatever goes wrong
 * is told in the run's report.
 */
export async function reconcileAfter(
  lake: Lake,
  context: LayerContext,
  report: RunReport,
  {
    openFolder,
    drain,
    only,
  }: Pick<Comparing, "openFolder"> & { readonly drain: Drain; readonly only: readonly TableName[] | undefined },
): Promise<RunReport> {
  const comparisons: ComparisonReport[] = [];
  for (const definition of lake.definition.tables) {
    if (definition.layer !== "bronze" || only?.includes(definition.name) === false) continue;
    if (context.signal?.aborted === true) break;
    const { name: table } = definition;
    const catchUp = async (): Promise<void> => stopAtFailure(await drain([table]));
    try {
      if (!(await isComparisonDue(lake, definition)) || !(await isCovered(lake, definition))) continue;
      const done = await compareAlone(lake, context, definition, { openFolder, catchUp });
      if (done.kind === "done") comparisons.push({ table, outcome: "compared", report: done.value });
    } catch (error) {
      comparisons.push({ table, outcome: "failed", error: asFailure(error, context) });
    }
  }
  return comparisons.length === 0 ? report : { ...report, comparisons };
}

/** As its schedule says, unless another process is at it. */
async function compareAlone(
  lake: Lake,
  context: LayerContext,
  definition: BronzeDefinition,
  { openFolder, catchUp }: Pick<Comparing, "openFolder"> & { readonly catchUp: (signal: AbortSignal) => Promise<void> },
): Promise<Leased<Reconciliation>> {
  const note = openNote(lake.tables.systemStore, `leases/reconcile/${definition.name}`);
  const { world, run: holder, signal } = context;
  const parts = { world, holder, ...(signal === undefined ? {} : { signal }) };
  const readCapacity = definition.reconcile?.readCapacity;
  const request = { openFolder, ...(readCapacity === undefined ? {} : { readCapacity }) };
  return await withLease(note, parts, async (held) => {
    const comparing = { ...request, catchUp: async () => await catchUp(held) };
    return await compare(lake, { ...context, signal: held }, definition, comparing);
  });
}

async function compare(
  lake: Lake,
  context: LayerContext,
  definition: BronzeDefinition,
  { openFolder, catchUp, readCapacity, shownMax = SHOWN_KEYS }: Comparing & { readonly catchUp: () => Promise<void> },
): Promise<Reconciliation> {
  const { name: table } = definition;
  const source = lake.source(definition);
  const contents = contentsOf(source, table);
  const limit = readCapacity === undefined ? undefined : await contents.budget(readCapacity, lake.world);
  const report = await reconcileTable(context, table, {
    contents,
    openFolder,
    shownMax,
    ...(source.channels.some(({ isLive, name }) => isLive === true && name === "stream") ? { catchUp } : {}),
    ...(limit === undefined ? {} : { limit }),
  });
  await recordReconciliation(context, report);
  const silver: SilverKeys[] = [];
  for (const one of lake.definition.tables) {
    if (one.layer !== "silver" || one.from !== table) continue;
    const keys = await silverKeys(context, one, definition.source.keys);
    if (keys !== undefined) silver.push(keys);
  }
  return { ...report, silver };
}

function bronzeOf(lake: Lake, name: TableName): BronzeDefinition {
  const table = lake.find(name);
  if (table.layer === "bronze") return table;
  throw new SluiceError("usage.invalid", `Cannot compare ${name} with a source: it has none of its own`, {
    facts: { table: name },
    advice: "Name the Bronze table that it is made from.",
  });
}

function contentsOf({ contents, system }: Source, table: TableName): SourceContents {
  if (contents !== undefined) return contents;
  throw new SluiceError("usage.invalid", `Cannot compare ${table} with its source: nobody can ask it what it has`, {
    facts: { table, source: system },
    advice: "Sources that deliver files tell no more than these. A DynamoDB table can be compared.",
  });
}

function stopAtFailure({ tables }: RunReport): void {
  const failed = tables.find(({ outcome, error }) => outcome === "failed" && error !== undefined)?.error;
  if (failed !== undefined) throw failed;
}

/** A table that is not loaded lacks what it lacks: that is no difference worth a scan. */
async function refuseUnloaded(lake: Lake, table: TableName): Promise<void> {
  const [coverage] = await lakeCoverage(lake, new Set([table]));
  const verdict = coverage?.ledger?.verdict;
  if (coverage === undefined || ((verdict === "covered" || verdict === "unproven") && !hasGap(coverage))) return;
  if (coverage.problem !== undefined) throw coverage.problem;
  const isGap = hasGap(coverage);
  throw new SluiceError(
    isGap ? "source.gap" : "plan.refused",
    `Cannot compare ${table} with its source: it ${isGap ? "has a gap" : "is still being loaded"}`,
    {
      facts: { table },
      advice: `\`sluice status --coverage ${table}\` shows what is missing; ${coverage.next ?? `run \`sluice run ${table}\` first`}.`,
    },
  );
}
