import type { BatchManifest } from "../../contract/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { SluiceError } from "../../base/index.ts";
import type { Channel, ChannelPlan, ChannelState, PlannedBatch } from "../source.ts";
import type { Shape } from "./columns/shapes.ts";
import { decodeCoverage, encodeCoverage, type Coverage } from "./plan/coverage.ts";
import { decodeStream, overlapsFrom } from "./live/stream-state.ts";
import { exportSpans } from "./plan/covered-spans.ts";
import { cutBatches, shortTime } from "./plan/cut-batches.ts";
import { findExports, settle } from "./plan/find-exports.ts";
import { BATCH_BYTES, BATCH_FILES_MAX, BATCH_UNITS_MAX, type DynamoDbExportsOptions } from "./options.ts";
import { planExports } from "./plan/plan-exports.ts";
import type { ScanThreads } from "./scan/scan-threads.ts";
import { loadUnits } from "./plan/load-units.ts";

/** The exports of a table to S3: full and incremental, DynamoDB JSON, gzip, below one folder. */
export function exportChannel(
  options: DynamoDbExportsOptions,
  { store, hints, threads }: { store: ObjectStore; hints: ReadonlyMap<string, Shape>; threads: ScanThreads },
): Channel {
  let lastEnd: string | undefined;
  return {
    name: "export",
    plan: async (state) => {
      const alone = await planChannel(options, store, state.last);
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

async function planChannel(
  options: DynamoDbExportsOptions,
  store: ObjectStore,
  last: BatchManifest | undefined,
): Promise<ChannelPlan> {
  const state = last === undefined ? undefined : decodeCoverage(last.end);
  const remembered = state?.settled ?? {};
  const found = await findExports(store, options.table, remembered);
  const plan = planExports(found.exports, state, options);
  const { loaded, fault } = await loadUnits(store, plan.units, state?.partial);
  const batches = cutBatches(loaded, state, {
    bytesMax: options.batchBytes ?? BATCH_BYTES,
    unitsMax: BATCH_UNITS_MAX,
    filesMax: BATCH_FILES_MAX,
  });
  const problem = fault ?? found.problem ?? plan.problem;
  return {
    batches: fault === undefined ? withSettled(batches, settle(found.ids, remembered, plan.settled)) : batches,
    waiting: plan.waiting,
    skipped: [...found.skipped, ...plan.skipped],
    ...(problem === undefined ? {} : { problem }),
  };
}

/**
 * Exports beside a stream have its epoch: they are ordered by their times alone, so a later one needs none of its own. Until they reach
 * beyond the stream's beginning something may have happened that neither tells of.
 */
function besideStream(
  plan: ChannelPlan,
  { table }: DynamoDbExportsOptions,
  { last, beside }: ChannelState,
): ChannelPlan {
  const stream = decodeStream(beside?.get("stream"));
  const batches = plan.batches.map((batch) => ({ ...batch, epoch: stream?.epoch ?? 0 }));
  const end = decodeCoverage(batches.at(-1)?.end ?? last?.end);
  const fromMs = overlapsFrom(stream);
  const isCovered = fromMs !== undefined && (fromMs === 0 || Date.parse(end?.coveredTo ?? "") >= fromMs);
  if (isCovered || plan.problem !== undefined) return { ...plan, batches };
  return { ...plan, batches, problem: notYetTogether(table, { coveredTo: end?.coveredTo ?? undefined, fromMs }) };
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
