import { SluiceError, isFailure, type PrivateFolder } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { BronzeDefinition, LakeDefinition, SilverDefinition, TableDefinition } from "../definition/index.ts";
import {
  batchLog,
  foldSilver,
  foldTarget,
  ingestBronze,
  placeOf,
  planChannel,
  refreshGold,
  type IngestOptions,
  type LayerContext,
  type PublishOptions,
  type TablePlace,
} from "../layers/index.ts";
import type { Source } from "../sources/index.ts";
import { asFailure } from "./as-failure.ts";
import { compactTables } from "./compact-tables.ts";
import { inputsOf } from "./inputs-of.ts";
import { openAhead } from "./open-ahead.ts";
import { isGoldIdle, isRedefined, isSilverIdle } from "./idle.ts";
import { publishTables } from "./publish-tables.ts";
import type { RunReport, TableReport } from "./run-report.ts";

export interface RunOptions {
  readonly openSource: (definition: BronzeDefinition) => Source;
  /** For the files of one staged batch. */
  readonly openFolder: () => Promise<PrivateFolder>;
  /** For tables that say where they are published; without it nothing is. */
  readonly openTarget?: PublishOptions["openTarget"];
  /** Only these tables; undefined = all. */
  readonly only?: ReadonlySet<TableName>;
  /** What will be written to when the run has done something. */
  readonly records?: readonly TablePlace[];
}

/**
 * Drains what is there and stops: every table once, inputs before what reads them. A table that fails stops what reads it;
 * the others go on. Then tables are published that say where, and small files are put together at the end. Nothing new means nothing committed, and no engine started.
 */
export async function runLake(context: LayerContext, lake: LakeDefinition, options: RunOptions): Promise<RunReport> {
  const startedMs = context.world.nowMs();
  const reports: TableReport[] = [];
  const failed = new Set<TableName>();
  const unfit = new Map<TableName, SluiceError>();
  const chosen = lake.tables.filter(({ name }) => options.only === undefined || options.only.has(name));
  const ahead: Promise<void>[] = [];
  const onWork = (from: TableName): void =>
    void ahead.push(openAhead(context, chosen, { from, besides: options.records ?? [] }));
  for (const together of inSteps(chosen)) {
    const done = await Promise.all(
      together.map(async (definition): Promise<TableReport> => {
        const blocking = inputsOf(definition).find((name) => failed.has(name));
        const tableStartedMs = context.world.nowMs();
        const step =
          blocking === undefined
            ? await attempt(context, lake, definition, { ...options, onWork, unfit })
            : blockedBy(blocking);
        const elapsedMs = context.world.nowMs() - tableStartedMs;
        return { table: definition.name, waiting: [], skipped: [], ...step, elapsedMs };
      }),
    );
    reports.push(...done);
    for (const [index, { outcome, table }] of done.entries()) {
      // A Bronze table that stopped at a hole has everything before it: Silver goes on with that.
      const isStopped = outcome === "failed" && together[index]?.layer !== "bronze";
      if (outcome === "blocked" || isStopped) failed.add(table);
    }
    if (done.some(({ error }) => error !== undefined && isFailure(error, "run.interrupted"))) break;
  }
  await Promise.all(ahead);
  const { openTarget } = options;
  const publications =
    openTarget === undefined ? [] : await publishTables(context, chosen, { lake: lake.name, openTarget, reports });
  const compactions = await compactTables(context, chosen, reports);
  return { run: context.run, startedMs, endedMs: context.world.nowMs(), tables: reports, publications, compactions };
}

/** As many as the engine takes calls at once: while one table's files are synced, the other's query computes. */
const GOLD_AT_ONCE = 2;

/** Tables in the lake's order; Gold tables that do not read each other stand together. */
function inSteps(tables: readonly TableDefinition[]): readonly (readonly TableDefinition[])[] {
  const steps: TableDefinition[][] = [];
  for (const table of tables) {
    const last = steps.at(-1) ?? [];
    const mayJoin =
      table.layer === "gold" &&
      last.length < GOLD_AT_ONCE &&
      last.every((one) => one.layer === "gold" && !inputsOf(table).includes(one.name));
    if (mayJoin && last.length > 0) last.push(table);
    else steps.push([table]);
  }
  return steps;
}

export type Step = Omit<TableReport, "table" | "elapsedMs" | "waiting" | "skipped"> &
  Partial<Pick<TableReport, "waiting" | "skipped">>;

const NOTHING = { version: undefined, rows: 0, quarantined: 0, verdict: undefined, error: undefined } as const;

function blockedBy(name: TableName, why = "which failed in this run"): Step {
  const error = new SluiceError("table.missing", `Waits for ${name}, ${why}`, {
    facts: { input: name },
  });
  return { ...NOTHING, outcome: "blocked", error };
}

export interface AttemptOptions extends RunOptions {
  readonly onWork?: (table: TableName) => void;
  /** How a process that stays takes in a Bronze table. */
  readonly follow?: Pick<IngestOptions, "memory" | "pace" | "onlyLive" | "onTaken">;
  /** Bronze tables that no Silver table can be made of, and why. */
  readonly unfit: Map<TableName, SluiceError>;
}

/** One go at one table, with what is there by now. Never throws. */
export async function attempt(
  context: LayerContext,
  lake: LakeDefinition,
  definition: TableDefinition,
  options: AttemptOptions,
): Promise<Step> {
  try {
    if (context.signal?.aborted === true) throw new SluiceError("run.interrupted", `Stopped before ${definition.name}`);
    switch (definition.layer) {
      case "bronze":
        return await ingest(context, definition, options);
      case "silver":
        return await fold(context, definition, { bronze: bronzeOf(lake, definition), unfit: options.unfit });
      case "gold":
        return await refresh(context, definition);
    }
  } catch (error) {
    return { ...NOTHING, outcome: "failed", error: asFailure(error, context) };
  }
}

/** The Bronze table of a Silver table. */
export function bronzeOf(lake: LakeDefinition, definition: SilverDefinition): BronzeDefinition {
  const bronze = lake.tables.find((table) => table.name === definition.from);
  if (bronze?.layer === "bronze") return bronze;
  throw new SluiceError("config.invalid", `Cannot find ${definition.from}, which ${definition.name} is made from`);
}

async function ingest(context: LayerContext, definition: BronzeDefinition, options: AttemptOptions): Promise<Step> {
  const source = options.openSource(definition);
  const outcome = await ingestBronze(context, definition, source, {
    openFolder: options.openFolder,
    onWork: () => options.onWork?.(definition.name),
    ...options.follow,
  });
  if (outcome.unfit === undefined) options.unfit.delete(definition.name);
  else options.unfit.set(definition.name, outcome.unfit);
  return {
    outcome: outcome.problem !== undefined ? "failed" : outcome.batches > 0 ? "changed" : "unchanged",
    version: outcome.version,
    rows: outcome.rows,
    quarantined: outcome.quarantined,
    verdict: undefined,
    waiting: outcome.waiting,
    skipped: outcome.skipped,
    error: outcome.problem,
  };
}

async function fold(
  context: LayerContext,
  definition: SilverDefinition,
  { bronze, unfit }: { readonly bronze: BronzeDefinition; readonly unfit: ReadonlyMap<TableName, SluiceError> },
): Promise<Step> {
  const flaw = unfit.get(bronze.name);
  if (flaw !== undefined) throw flaw;
  if (await isSilverIdle(context, definition)) return { ...NOTHING, outcome: "unchanged" };
  if (await isRedefined(context, definition)) {
    throw new SluiceError("plan.definition-changed", `Cannot fold into ${definition.name}: its definition changed`, {
      facts: { table: definition.name },
      advice: `Run \`sluice rebuild ${definition.name}\` to compute the table anew from Bronze.`,
    });
  }
  if ((await placeOf(context, definition.from).log.head()) === undefined) return { ...NOTHING, outcome: "unchanged" };
  const absent = await firstAbsent(
    context,
    definition.joins.map((join) => join.table),
  );
  if (absent !== undefined) return blockedBy(absent, "which has no version yet");
  context.onProgress?.({ table: definition.name, phase: "fold", detail: "", rows: 0 });
  const outcome = await foldSilver(context, foldTarget(context, definition, bronze));
  return {
    outcome: outcome.changed ? "changed" : "unchanged",
    version: outcome.version,
    rows: outcome.counts.events,
    quarantined: outcome.counts.quarantined,
    verdict: outcome.verdict,
    error: undefined,
  };
}

/** The first of some tables that nothing was ever written to. */
async function firstAbsent(context: LayerContext, names: readonly TableName[]): Promise<TableName | undefined> {
  for (const name of names) if ((await placeOf(context, name).log.head()) === undefined) return name;
  return undefined;
}

async function refresh(context: LayerContext, definition: Extract<TableDefinition, { layer: "gold" }>): Promise<Step> {
  if (await isGoldIdle(context, definition)) return { ...NOTHING, outcome: "unchanged" };
  const absent = await firstAbsent(context, definition.reads);
  if (absent !== undefined) return blockedBy(absent, "which has no version yet");
  context.onProgress?.({ table: definition.name, phase: "refresh", detail: "", rows: 0 });
  const outcome = await refreshGold(context, definition);
  return {
    outcome: outcome.changed ? "changed" : "unchanged",
    version: outcome.version,
    rows: 0,
    quarantined: 0,
    verdict: outcome.verdict,
    error: undefined,
  };
}

/** What the next run would read into a Bronze table; writes nothing. */
export async function planBronze(
  context: Pick<LayerContext, "tables" | "world">,
  definition: BronzeDefinition,
  source: Source,
): Promise<readonly Awaited<ReturnType<typeof planChannel>>[]> {
  const log = batchLog(context.tables.systemStore, definition.name.slice("bronze.".length));
  return await Promise.all(
    source.channels.map(
      async (channel) =>
        await planChannel(placeOf(context, definition.name), log, { channel, source, world: context.world }),
    ),
  );
}
