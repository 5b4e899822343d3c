import { rm } from "node:fs/promises";
import {
  CONFIG,
  exportsTogether,
  freshFolder,
  lakeEnvironment,
  runLake,
  type BenchContext,
  type Measured,
} from "../bench-context.ts";
import { changedOrder, fullExport, updateWindows } from "../data/order-exports.ts";
import { orderKey } from "../data/order-item.ts";
import { atMost, figureOf } from "../finding.ts";
import { measureSluice } from "../measure-process.ts";
import { measureAlone, median } from "../pairs.ts";

const MEMORY = "512MB"; // the engine's share; the rest is left to what it does not count, and to Node
const PEAK_MOST = atMost(1000, " MB");
const TRACE_MOST = atMost(2, " s");
const WINDOWS = { windows: 1000, changes: 100 };

/** The largest lake: all layers from a full export, then a thousand windows, then one row traced back to its origin. */
export async function largeLake(given: BenchContext): Promise<Measured> {
  const context = { ...given, memory: MEMORY };
  const items = context.largeItems;
  const full = fullExport(items);
  const lake = await freshFolder(context, "large");
  const first = {
    name: "first run",
    measure: async () => await runLake(context, { exports: await full(context.cache), lake }),
  };
  const [whole] = await measureAlone(1, first);
  const exports = await exportsTogether(context, [full, updateWindows(items, WINDOWS)]);
  const [windows] = await measureAlone(1, {
    name: `${WINDOWS.windows} windows`,
    measure: async () => await runLake(context, { exports, lake }),
  });
  if (whole === undefined || windows === undefined) throw new Error("Nothing was measured");
  const env = lakeEnvironment(context, { exports, lake });
  const traces = await measureAlone(context.pairs, {
    name: "trace",
    measure: async () => {
      const key = orderKey(changedOrder(items, WINDOWS.windows * 37));
      return await measureSluice(["trace", "silver.orders", key, "-c", CONFIG, "--json"], { env });
    },
  });
  await rm(lake, { recursive: true });
  const count = `${items} items`;
  return {
    findings: [
      figureOf(
        { id: "large-peak", title: `Export → Bronze → Silver → Gold, ${count}: peak memory` },
        whole.peakBytes / 1e6,
        {
          unit: " MB",
          target: PEAK_MOST,
        },
      ),
      figureOf(
        { id: "large-run", title: `Export → Bronze → Silver → Gold, ${count}: whole process` },
        whole.wallSeconds,
        {
          unit: " s",
        },
      ),
      figureOf(
        { id: "large-windows", title: `${WINDOWS.windows} windows of ${WINDOWS.changes} changes on top, one run` },
        windows.wallSeconds,
        { unit: " s" },
      ),
      figureOf(
        { id: "large-windows-peak", title: `${WINDOWS.windows} windows on top: peak memory` },
        windows.peakBytes / 1e6,
        { unit: " MB", target: PEAK_MOST },
      ),
      figureOf(
        { id: "trace", title: `Trace of one row, ${count} and ${WINDOWS.windows + 1} batches: whole process` },
        median(traces.map((one) => one.wallSeconds)),
        { unit: " s", target: TRACE_MOST },
      ),
    ],
    samples: { "large-run sluice": [whole], "large-windows sluice": [windows], "trace sluice": traces },
  };
}
