import type { ObjectStore } from "../../storage/index.ts";
import { SluiceError, type FailureCode } from "../../base/index.ts";
import type { Channel, ChannelPlan, ChannelState, Notice, PlannedBatch } from "../source.ts";
import type { Shape } from "./columns/shapes.ts";
import { decodeCoverage, encodeCoverage, type Coverage } from "./plan/coverage.ts";
import { aloneFrom, besideFrom, isJoined } from "./plan/goes-on-from.ts";
import type { DeadExports } from "./requests/dead-exports.ts";
import { exportSpans } from "./plan/covered-spans.ts";
import { changesBeside, type Changes } from "./live/beside.ts";
import { cutBatches, shortTime } from "./plan/cut-batches.ts";
import { findExports, settle } from "./plan/find-exports.ts";
import type { FoundExport } from "./plan/found-export.ts";
import { BATCH_BYTES, BATCH_FILES_MAX, BATCH_UNITS_MAX, type DynamoDbExportsOptions } from "./options.ts";
import { planExports, type ExportPlan, type ExportRules } from "./plan/plan-exports.ts";
import type { ScanThreads } from "./scan/scan-threads.ts";
import { loadUnits } from "./plan/load-units.ts";

/** The exports of a table to S3: full and incremental, DynamoDB JSON, gzip, below one folder. */
export function exportChannel(
  options: DynamoDbExportsOptions,
  { store, hints, threads, deadExports }: ExportParts,
): Channel {
  let lastEnd: string | undefined;
  return {
    name: "export",
    plan: async (state) => {
      const alone = await planChannel(options, { store, deadExports }, state);
      const plan = options.hasStream === true ? besideStream(alone, options, state) : alone;
      lastEnd = plan.batches.at(-1)?.end;
      return plan;
    },
    stage: async (batch, known, context) => {
      // Loaded where there is something to read: a run with nothing new starts without it.
      const { stageBatch } = await import("./stage-batch.ts");
      const staged = await stageBatch({ options, store, hints, known, context, threads }, batch);
      // Nothing more is planned: the threads are not needed any longer.
      if (batch.end === lastEnd) await threads.close();
      return staged;
    },
    covered: exportSpans,
  };
}

interface ExportParts {
  readonly store: ObjectStore;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
  /** Which exports that have no summary will never have one; undefined where nobody can tell. */
  readonly deadExports?: DeadExports | undefined;
}

async function planChannel(
  options: DynamoDbExportsOptions,
  { store, deadExports }: Pick<ExportParts, "store" | "deadExports">,
  channel: ChannelState,
): Promise<ChannelPlan> {
  const { state, epochs, live } = await coverageFrom(options, channel);
  const remembered = state?.settled ?? {};
  const found = await findExports(store, options.table, remembered);
  const dead = (await deadExports?.(found.exports)) ?? NONE;
  const alive = found.exports.filter(({ folder }) => !dead.has(folder));
  const plan = planFound(alive, state, { options, live, ...epochs });
  const { loaded, fault } = await loadUnits(store, plan.units, state?.partial);
  const batches = cutBatches(loaded, state, {
    bytesMax: options.batchBytes ?? BATCH_BYTES,
    unitsMax: BATCH_UNITS_MAX,
    filesMax: BATCH_FILES_MAX,
  });
  const problem = fault ?? found.problem ?? plan.problem;
  return {
    batches:
      fault === undefined
        ? withSettled(batches, settle(found.ids, remembered, new Set([...plan.settled, ...dead.keys()])))
        : batches,
    waiting: plan.waiting,
    skipped: [...found.skipped, ...[...dead].map(notMade), ...plan.skipped],
    ...(problem === undefined ? {} : { problem }),
  };
}

/** What is to be known to go on. */
interface CoveredBefore {
  readonly state: Coverage | undefined;
  readonly epochs: Epochs;
  /** What is read beside the exports; undefined: they are alone. */
  readonly live?: Changes | undefined;
}

type Epochs = Pick<ExportRules, "firstEpoch" | "fullFrom" | "streamEpoch">;

/** What is covered in the epoch that is to go on, and the epochs that what comes is to be of. */
async function coverageFrom(
  options: DynamoDbExportsOptions,
  { last, beside, newestEpoch, othersMs }: ChannelState,
): Promise<CoveredBefore> {
  const before = decodeCoverage(last?.end);
  if (options.hasStream === true) {
    const live = liveBeside(options, beside);
    const others = { othersMs: await othersMs?.(["export", ...changesOf(options)]) };
    const { coverage: state, ...epochs } = besideFrom(live, before, others);
    return { state, epochs: { ...epochs, streamEpoch: live.epoch }, live };
  }
  const brought = { newestEpoch: (await newestEpoch?.()) ?? 0, othersMs: await othersMs?.(["export"]) };
  const { coverage: state, ...epochs } = aloneFrom(before, brought);
  return { state, epochs };
}

const NONE: ReadonlyMap<string, string> = new Map();

function liveBeside(options: DynamoDbExportsOptions, beside: ChannelState["beside"]): Changes {
  return changesBeside(beside, changesOf(options));
}

function changesOf({ hasStream = false, changes = ["stream"] }: DynamoDbExportsOptions): readonly string[] {
  return hasStream ? changes : [];
}

function planFound(
  exports: readonly FoundExport[],
  state: Coverage | undefined,
  { options, live, ...epochs }: { readonly options: DynamoDbExportsOptions } & Pick<CoveredBefore, "live"> & Epochs,
): ExportPlan {
  const found = planExports(exports, state, { ...options, ...epochs });
  const isEnough = live !== undefined && isJoined(live, found.units.at(-1)?.after ?? state);
  const plan = isEnough ? withoutHole(found) : found;
  return options.hasRequests === true ? patient(plan) : plan;
}

/** What lies in a hole, and behind it, the changes beside the exports bring. */
function withoutHole({ problem, ...plan }: ExportPlan): ExportPlan {
  const next = problem?.code === "source.gap" ? problem.facts["next"] : undefined;
  if (next === undefined) return problem === undefined ? plan : { ...plan, problem };
  const behind = {
    what: String(next),
    why: "there is a hole before it; the stream has what lies there",
  };
  return { ...plan, skipped: [...plan.skipped, behind] };
}

/**
 * Exports beside a stream have its epoch: they are ordered by their times alone, so a later one needs none of its own. Until they reach
 * beyond the stream's beginning something may have happened that neither tells of.
 */
function besideStream(plan: ChannelPlan, options: DynamoDbExportsOptions, { last, beside }: ChannelState): ChannelPlan {
  const { table, hasRequests = false } = options;
  const live = liveBeside(options, beside);
  const batches = plan.batches.map((batch) => ({ ...batch, epoch: live.epoch }));
  const end = decodeCoverage(batches.at(-1)?.end ?? last?.end);
  if (isJoined(live, end) || plan.problem !== undefined) return { ...plan, batches };
  const problem = notYetTogether(table, { coveredTo: end?.coveredTo ?? undefined, fromMs: live.fromMs });
  return hasRequests
    ? { ...plan, batches, waiting: [...plan.waiting, awaited(problem)] }
    : { ...plan, batches, problem };
}

/** Where exports are asked for, a hole will be filled: the channel that asks for them tells what it cannot get. */
function patient({ problem, ...plan }: ExportPlan): ExportPlan {
  if (problem === undefined || problem.facts["export"] !== undefined || !AWAITED.has(problem.code))
    return problem === undefined ? plan : { ...plan, problem };
  return { ...plan, waiting: [...plan.waiting, awaited(problem)] };
}

const AWAITED: ReadonlySet<string> = new Set<FailureCode>(["source.gap", "source.missing"]);

function awaited({ message }: SluiceError): Notice {
  return { what: "exports", why: `${message}; they are asked for` };
}

function notMade([folder, why]: readonly [string, string]): Notice {
  return { what: folder, why: `DynamoDB could not make it: ${why}` };
}

function notYetTogether(
  table: string,
  { coveredTo, fromMs }: { readonly coveredTo: string | undefined; readonly fromMs: number | undefined },
): SluiceError {
  const needed = fromMs === undefined ? undefined : shortTime(new Date(fromMs).toISOString());
  return new SluiceError("source.gap", "Cannot join the exports with the stream: they do not reach its beginning", {
    facts: { table, exportsReach: coveredTo === undefined ? "nothing" : shortTime(coveredTo), neededFrom: needed },
    advice:
      needed === undefined
        ? "Run again once the stream was read."
        : `Export the table as of ${needed} or later, in full or by windows that follow each other; the stream is read meanwhile.`,
  });
}

/** The last batch remembers which exports need no look any more. */
function withSettled(batches: readonly PlannedBatch[], settled: Coverage["settled"]): readonly PlannedBatch[] {
  return batches.map((batch, index) => {
    const end = index === batches.length - 1 ? decodeCoverage(batch.end) : undefined;
    return end === undefined ? batch : { ...batch, end: encodeCoverage({ ...end, settled }) };
  });
}
