import type { World } from "../../../base/index.ts";
import type { Engine } from "../../../engine/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { Channel } from "../../source.ts";
import type { Shape } from "../columns/shapes.ts";
import { filterMark } from "../live/filtered-image.ts";
import { epochAbove, firstEpoch, inNewestEpoch, type Beginning } from "../live/first-epoch.ts";
import { filteredOtherwise } from "../live/stream-gaps.ts";
import { OVERLAP_MS } from "../live/stream-state.ts";
import type { ScanThreads } from "../scan/scan-threads.ts";
import { deliverySpans, hourOfFile } from "./delivery-spans.ts";
import { decodeDeliveries, type DeliveryMemory } from "./memory.ts";
import type { DeliveryOptions } from "./options.ts";
import { planDeliveries } from "./plan-deliveries.ts";

export interface DeliveryParts {
  /** Its root is the place that Firehose delivers to. */
  readonly store: ObjectStore;
  /** Reads Parquet. */
  readonly engine: Engine;
  readonly world: World;
  readonly hints: ReadonlyMap<string, Shape>;
  readonly threads: ScanThreads;
}

/**
 * Changes of a table in files that Amazon Data Firehose delivered: from its Kinesis stream, or from a function that reads its stream. Files come
 * late and in any order, and hold changes in any order: each file is taken in once, and a change's own time and content say where it belongs.
 */
export function firehoseChannel(options: DeliveryOptions, parts: DeliveryParts): Channel {
  const { store, world } = parts;
  return {
    name: "firehose",
    isLive: true,
    mayRepeat: true,
    covered: deliverySpans,
    groupOf: hourOfFile,
    plan: async ({ last, moved, beside, history, newestEpoch }) => {
      const before = decodeDeliveries(moved ?? last?.end);
      const filter = filterMark(options.filter);
      const nowMs = world.nowMs();
      const isRefiltered = before !== undefined && before.filter !== filter;
      if (isRefiltered && options.canFill !== true)
        return { batches: [], waiting: [], skipped: [], problem: filteredOtherwise(options.table) };
      const known = { beside, newestEpoch };
      const newest = await newestEpoch?.();
      // What was in before the last batch was made stays in the epoch of before.
      const goingOn = async (state: DeliveryMemory): Promise<DeliveryMemory> =>
        await inNewestEpoch(state, known, (one) => (last === undefined ? one : { ...one, epochMs: last.createdMs }));
      // What the other filter left out a new snapshot brings, from now on.
      const refiltered = async (state: DeliveryMemory): Promise<DeliveryMemory> => ({
        ...state,
        sinceMs: nowMs,
        epoch: await epochAbove(state, known),
      });
      const memory = before === undefined ? undefined : await (isRefiltered ? refiltered : goingOn)(before);
      const begin = (sinceMs: number): Beginning =>
        memory === undefined
          ? firstEpoch(beside, { ...options, fromMs: sinceMs + OVERLAP_MS, newest })
          : { epoch: memory.epoch, isBehindScan: false };
      return await planDeliveries(options, { store, memory, history, begin, nowMs, filter, isRefiltered });
    },
    stage: async (batch, known, context) => {
      const { stageDeliveries } = await import("./stage-deliveries.ts");
      return await stageDeliveries({ ...parts, options, batch, known, context });
    },
  };
}
