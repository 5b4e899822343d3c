import { setMaxListeners } from "node:events";
import { SluiceError } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import { durationMs, type Duration } from "../definition/index.ts";
import { recorded } from "../observability/index.ts";
import { startLake, type StartEvent, type StartOptions } from "../orchestration/index.ts";
import type { Lake } from "./open-lake.ts";
import { scheduledReconciling } from "./reconcile-lake.ts";

export interface StartRequest {
  /** Live channels are read so often, and what came is committed: 100 ms to 15 minutes, `"10 seconds"` unless told. */
  readonly flush?: Duration;
  /** Other channels are looked at so often, and whether others moved a table: 1 s to a day, `"1 minute"` unless told. */
  readonly look?: Duration;
  /** Only these tables. */
  readonly only?: readonly TableName[];
  /** Ends it, as the lake's own does: what is being committed is finished. */
  readonly signal?: AbortSignal;
  /** Told what happens; must not throw. */
  readonly onEvent?: (event: StartEvent) => void;
}

/** What `lake.start` needs of the lake's inside. */
type StartNeeds = Pick<StartOptions, "openSource" | "openFolder" | "openTarget" | "newRun"> & {
  readonly signal: AbortSignal | undefined;
};

const MINUTE_MS = 60_000;
/** A stream's iterators are good for a quarter of an hour. */
const FLUSH = { name: "flush", leastMs: 100, mostMs: 15 * MINUTE_MS, usualMs: 10_000 };
const LOOK = { name: "look", leastMs: 1_000, mostMs: 24 * 60 * MINUTE_MS, usualMs: MINUTE_MS };

export async function startTables(
  lake: Lake,
  { flush, look, only, signal, onEvent = () => undefined }: StartRequest,
  needs: StartNeeds,
): Promise<ReadonlyMap<TableName, SluiceError>> {
  const either = AbortSignal.any([signal, needs.signal].filter((one) => one !== undefined));
  // Each table listens to it.
  setMaxListeners(0, either);
  return await startLake(lake.context(), lake.definition, {
    ...needs,
    signal: either,
    flushMs: intervalMs(flush, FLUSH),
    lookMs: intervalMs(look, LOOK),
    onEvent,
    reconciling: scheduledReconciling(lake, needs.openFolder),
    record: async (report) => await recorded({ ...lake.context(), run: report.run }, report),
    ...(only === undefined ? {} : { only: new Set(only) }),
  });
}

function intervalMs(text: string | undefined, { name, leastMs, mostMs, usualMs }: typeof FLUSH): number {
  if (text === undefined) return usualMs;
  const ms = durationMs(text);
  if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
  throw new SluiceError("usage.invalid", `Cannot start: ${name} is no time between ${leastMs} ms and ${mostMs} ms`, {
    facts: { [name]: text },
    advice: `Write it as "1 second", "10 s" or "2 minutes".`,
  });
}
