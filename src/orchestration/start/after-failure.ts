import type { FailureCode, SluiceError } from "../../base/index.ts";

/** What becomes of a table that failed. */
export type Remedy =
  /** It is tried again; `isTold`: it is worth a word by now. */
  { readonly kind: "again"; readonly afterMs: number; readonly isTold: boolean } | { readonly kind: "stop" };

/** Waiting does not help: a table that is broken, a definition that is wrong, a defect of ours. */
const LASTING: ReadonlySet<FailureCode> = new Set<FailureCode>([
  "config.invalid",
  "config.unreadable",
  "usage.invalid",
  "plan.refused",
  "table.broken-invariant",
  "table.unsupported",
  "storage.unsafe",
  "internal.bug",
]);

/** Another process was faster: what it did is looked at, and gone on behind. */
const OVERTAKEN: ReadonlySet<FailureCode> = new Set<FailureCode>([
  "table.conflict",
  "table.superseded",
  "publish.superseded",
]);

const WAIT_MS_MAX = 5 * 60_000;
/** Where trying again may help by itself, where another process was faster, and where somebody has to do something first. */
const WAIT_MS = { retryable: 1_000, overtaken: 200, other: 15_000 } as const;
/** Being overtaken so often in a row is no accident. */
const OVERTAKEN_TOLD = 6;

/** When a table that failed so often in a row (1: for the first time) is tried again: exponentially later, with jitter, some minutes at most. */
export function afterFailure({ code, retryable }: SluiceError, times: number, random: () => number): Remedy {
  if (LASTING.has(code)) return { kind: "stop" };
  const isOvertaken = OVERTAKEN.has(code);
  const baseMs = isOvertaken ? WAIT_MS.overtaken : retryable ? WAIT_MS.retryable : WAIT_MS.other;
  const waitMs = Math.min(WAIT_MS_MAX, baseMs * 2 ** Math.min(30, times - 1));
  return { kind: "again", afterMs: waitMs * (0.5 + random() / 2), isTold: !isOvertaken || times >= OVERTAKEN_TOLD };
}
