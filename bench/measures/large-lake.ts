import { rm } from "node:fs/promises";
import {
  CONFIG,
  exportsTogether,
  freshFolder,
  lakeEnvironment,
  runLake,
  type BenchContext,
  type LakeRun,
  type Measured,
} from "../bench-context.ts";
import { changedOrder, fullExport, updateWindow } from "../data/order-exports.ts";
import { orderKey } from "../data/order-item.ts";
import { atMost, figureOf, longer, type Finding } from "../finding.ts";
import { measureSluice, measureSubject } from "../measure-process.ts";
import { measureAlone, measurePairs, median, type Pair, type Sample, type Side } from "../pairs.ts";

const MEMORY = "400MB"; // the engine's share; the rest is left to what it does not count, and to Node
const PEAK_MOST = atMost(1000, " MB");
const TRACE_MOST = atMost(2, " s");
const EMPTY_LONGER_MOST = atMost(0.3, " s longer");
const WINDOWS = 1000;
const CHANGES = 100;

interface LargeLake {
  readonly whole: Sample;
  readonly batches: Sample;
  readonly fold: Sample;
  readonly traces: readonly Sample[];
  readonly empty: readonly Pair[];
}

/**
 * The largest lake: all layers from a full export; then a thousand windows, each taken into Bronze by a run of its own, and
 * folded into the other layers by one; then one row traced back to its origin, and a run with nothing new.
 */
export async function largeLake(given: BenchContext): Promise<Measured> {
  const context = { ...given, memory: MEMORY };
  const items = context.largeItems;
  const exports = await exportsTogether(context, [fullExport(items)]);
  const run = { exports, lake: await freshFolder(context, "large") };
  const whole = await once({ name: "first run", measure: async () => await runLake(context, run) });
  const batches = await once({ name: `${WINDOWS} runs`, measure: async () => await deliverWindows(context, run) });
  const fold = await once({ name: "fold", measure: async () => await runLake(context, run) });
  const env = lakeEnvironment(context, run);
  const key = orderKey(changedOrder(items, WINDOWS * 37));
  const traces = await measureAlone(context.pairs, {
    name: "trace",
    measure: async () => await measureSluice(["trace", "silver.orders", key, "-c", CONFIG, "--json"], { env }),
  });
  const empty = await measurePairs(
    context.pairs,
    { name: "empty run", measure: async () => await runLake(context, run) },
    { name: "sluice --version", measure: async () => await measureSluice(["--version"]) },
  );
  await rm(run.lake, { recursive: true });
  return {
    findings: findingsOf({ whole, batches, fold, traces, empty }, items),
    samples: {
      "large-run sluice": [whole],
      "large-batches sluice": [batches],
      "large-fold sluice": [fold],
      "trace sluice": traces,
      "large-empty sluice": empty.map((pair) => pair.ours),
    },
  };
}

async function deliverWindows(context: BenchContext, run: LakeRun): Promise<Sample> {
  const arriving: string[] = [];
  for (let window = 0; window < WINDOWS; window += 1) {
    arriving.push(await updateWindow(context.largeItems, { window, changes: CHANGES })(context.cache));
  }
  const request = { config: CONFIG, table: "bronze.orders", arriving, exports: run.exports };
  const { answer, ...usage } = await measureSubject("batch-by-batch", request, { env: lakeEnvironment(context, run) });
  return { ...usage, workSeconds: answer.seconds };
}

async function once(side: Side): Promise<Sample> {
  const [sample] = await measureAlone(1, side);
  if (sample === undefined) throw new Error(`${side.name} was not measured`);
  return sample;
}

function findingsOf({ whole, batches, fold, traces, empty }: LargeLake, items: number): readonly Finding[] {
  const path = `Export → Bronze → Silver → Gold, ${items} items`;
  const peak = { unit: " MB", target: PEAK_MOST };
  const seconds = { unit: " s" };
  const perRun = ((batches.workSeconds ?? Number.NaN) / WINDOWS) * 1000;
  return [
    figureOf({ id: "large-peak", title: `${path}: peak memory` }, whole.peakBytes / 1e6, peak),
    figureOf({ id: "large-run", title: `${path}: whole process` }, whole.wallSeconds, seconds),
    figureOf({ id: "large-batch", title: `${WINDOWS} windows of ${CHANGES} changes → Bronze: each run` }, perRun, {
      unit: " ms",
    }),
    figureOf(
      { id: "large-batch-peak", title: `${WINDOWS} runs in one process: peak memory` },
      batches.peakBytes / 1e6,
      peak,
    ),
    figureOf({ id: "large-fold", title: `${WINDOWS} batches → Silver → Gold, one run` }, fold.wallSeconds, seconds),
    figureOf(
      { id: "large-fold-peak", title: `${WINDOWS} batches → Silver → Gold: peak memory` },
      fold.peakBytes / 1e6,
      peak,
    ),
    figureOf(
      { id: "trace", title: `Trace of one row, ${items} items and ${WINDOWS} batches: whole process` },
      median(traces.map((one) => one.wallSeconds)),
      { ...seconds, target: TRACE_MOST },
    ),
    longer(
      { id: "large-empty", title: `Run with nothing new after ${WINDOWS} batches, against \`--version\`` },
      empty,
      {
        of: (one) => one.wallSeconds,
        target: EMPTY_LONGER_MOST,
      },
    ),
  ];
}
