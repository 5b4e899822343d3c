import { batchLog } from "../../layers/index.ts";
import type { ObjectStore } from "../../storage/index.ts";

/** Channels whose rows are changes, one by one. */
const CHANGES = new Set(["stream", "kinesis", "firehose"]);
const BATCHES_MAX = 200;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Over less time the number says little. */
const LEAST_MS = 10 * 60_000;

/** Changed records a day, as the manifests of the last week's batches tell; undefined: there are too few of them. */
export async function changesPerDay(
  systemStore: ObjectStore,
  table: string,
  nowMs: number,
): Promise<number | undefined> {
  const log = batchLog(systemStore, table);
  let rows = 0;
  let oldest = 0;
  let sinceMs: number | undefined;
  for (let batch = await log.newest(-1), read = 0; batch >= 0 && read < BATCHES_MAX; batch -= 1, read += 1) {
    const manifest = await log.find(batch);
    if (manifest === undefined || manifest.createdMs < nowMs - WEEK_MS) break;
    if (!CHANGES.has(manifest.channel)) continue;
    // What the oldest batch brought happened before it.
    sinceMs = manifest.createdMs;
    rows += manifest.rows;
    oldest = manifest.rows;
  }
  if (sinceMs === undefined || nowMs - sinceMs < LEAST_MS) return undefined;
  return Math.round(((rows - oldest) * DAY_MS) / (nowMs - sinceMs));
}
