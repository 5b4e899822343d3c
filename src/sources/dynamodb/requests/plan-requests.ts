import type { SluiceError } from "../../../base/index.ts";
import type { Notice } from "../../source.ts";
import { shortTime } from "../plan/cut-batches.ts";
import { nextWindow, type Window } from "../plan/next-window.ts";
import type { ExportContent, ExportOrder, ExportPlace, Recovery } from "./export-client.ts";
import { exportToken } from "./export-token.ts";
import { failureOf, recoveryOff } from "./request-failures.ts";

/** An export of the table to our place, as far as it is known. */
export interface KnownExport {
  readonly content: ExportContent;
  /** `gone`: complete, and removed from its place before it was read. */
  readonly status: "running" | "complete" | "failed" | "gone";
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly failure?: string;
}

export interface RequestNeeds {
  readonly table: string;
  readonly tableId: string;
  readonly place: ExportPlace;
  readonly nowMs: number;
  /** undefined: point-in-time recovery is off. */
  readonly recovery: Recovery | undefined;
  /** Up to where the table's exports are in, or the stream is; undefined before the first, and where a full export is needed. */
  readonly reachedMs: number | undefined;
  /** Where nothing is reached: a full export of this moment or later is needed, ms. */
  readonly fullFromMs?: number;
  readonly known: readonly KnownExport[];
  readonly wanted: Wanted;
}

export type Wanted =
  /** Windows of this length follow each other for ever. */
  | { readonly kind: "windows"; readonly everyMs: number }
  /** Beside a stream: up to this moment, and no further; 0 for any. */
  | { readonly kind: "reach"; readonly goalMs: number; readonly epoch: number };

export interface RequestPlan {
  /** To be asked for in this order. */
  readonly orders: readonly ExportOrder[];
  readonly waiting: readonly Notice[];
  readonly problem?: SluiceError;
}

/** Limits of a window (AWS, "DynamoDB data export to Amazon S3: how it works", incremental exports). */
const WINDOW_LEAST_MS = 15 * 60_000;
const WINDOW_MOST_MS = 24 * 3_600_000;

/** Of a table at a time, of the 300 that an account may have under way. */
const RUNNING_MAX = 8;

/** The first time again after five minutes, then after four times as long each, after a day at most. */
const AGAIN_MS = 5 * 60_000;
const AGAIN_FACTOR = 4;
const AGAIN_MOST_MS = 24 * 3_600_000;
/** From so many failures on it is no bad luck: the table stops and says so, while it is still asked for now and then. */
const FAILURES_SAID = 3;

/**
 * Decides which exports to ask for: a full one first, then windows that follow each other without a hole or an overlap, each of whole
 * seconds and of a length that DynamoDB makes. What lies beyond the time that can be restored begins with a full export again.
 */
export function planRequests(needs: RequestNeeds): RequestPlan {
  const planner = new Planner(needs);
  planner.run();
  return planner.plan;
}

class Planner {
  readonly #needs: RequestNeeds;
  readonly #orders: ExportOrder[] = [];
  readonly #waiting: Notice[] = [];
  #problem: SluiceError | undefined;
  /** What is there or will be. */
  #usable: readonly ExportContent[];
  #running: number;

  constructor(needs: RequestNeeds) {
    this.#needs = needs;
    const running = needs.known.filter(({ status }) => status === "running");
    this.#running = running.length;
    this.#usable = needs.known.filter(({ status }) => status === "running" || status === "complete").map(contentOf);
    for (const { content, startedMs } of running) this.#wait(content, `asked for, in progress since ${iso(startedMs)}`);
  }

  get plan(): RequestPlan {
    const problem = this.#problem === undefined ? {} : { problem: this.#problem };
    return { orders: this.#orders, waiting: this.#waiting, ...problem };
  }

  run(): void {
    for (;;) {
      const reached = this.#reached();
      const next = this.#next(reached);
      if (next === undefined || !this.#order(next, reached)) return;
    }
  }

  /**
   * Up to where everything is in, or will be once the exports that are known are complete and were read: a window that begins before what
   * is in ends leads nowhere, whoever asked for it (docs/decisions/0016).
   */
  #reached(): number | undefined {
    let reached = this.#needs.reachedMs;
    for (;;) {
      const at: number | undefined = reached;
      const window = at === undefined ? undefined : nextWindow(this.#usable.flatMap(textsOf), fullTime(at));
      if (window !== undefined) reached = Date.parse(window.to);
      else {
        // Over a hole only a later snapshot leads.
        const later = this.#usable.flatMap((one) => (one.kind === "full" ? one.timeMs : []));
        const snapshot = Math.min(...later.filter((time) => time > (at ?? this.#before)));
        if (snapshot === Infinity) return reached;
        reached = snapshot;
      }
    }
  }

  /** Before the first moment at which a full export may be. */
  get #before(): number {
    return (this.#needs.fullFromMs ?? 0) - 1;
  }

  #next(reached: number | undefined): ExportContent | undefined {
    const { recovery, wanted, table } = this.#needs;
    const isEnough = reached !== undefined && wanted.kind === "reach" && reached >= wanted.goalMs;
    if (isEnough) return undefined;
    if (recovery === undefined) {
      this.#problem = recoveryOff(table);
      return undefined;
    }
    const isOutOfReach = reached !== undefined && reached < recovery.earliestMs;
    // A window that overlaps another one would hide keys that came in the one and went in the other: it says nothing of them.
    const isTooNarrow = reached !== undefined && (this.#nextStart(reached) ?? Infinity) < reached + WINDOW_LEAST_MS;
    const isFull = reached === undefined || isOutOfReach || isTooNarrow;
    return isFull ? this.#full(recovery) : this.#window(wholeSecond(reached), recovery);
  }

  #full({ earliestMs, latestMs }: Recovery): ExportContent | undefined {
    const { wanted, fullFromMs = 0 } = this.#needs;
    const goalMs = Math.max(fullFromMs, wanted.kind === "reach" ? wanted.goalMs : 0);
    const until = Math.min(wholeSecond(latestMs), wholeSecond(this.#needs.nowMs));
    const what = { kind: "full", timeMs: Math.max(goalMs, until) } as const;
    if (until < goalMs) return this.#wait(what, `it is asked for at ${iso(goalMs)} or later`);
    if (until < earliestMs) return this.#wait(what, "point-in-time recovery has nothing yet that can be exported");
    // The same moment however often it is asked for in a while: DynamoDB knows the request again by it.
    const steady = goalMs > 0 ? goalMs : until - (until % WINDOW_LEAST_MS);
    return { kind: "full", timeMs: steady >= earliestMs + MARGIN_MS ? steady : until };
  }

  #window(fromMs: number, { latestMs }: Recovery): ExportContent | undefined {
    const { wanted, nowMs } = this.#needs;
    const until = Math.min(wholeSecond(latestMs), wholeSecond(nowMs));
    const toMs = this.#endOfHole(fromMs) ?? endOfWindow(fromMs, until, wanted);
    if (toMs === undefined) return undefined;
    const window = { kind: "window", fromMs, toMs } as const;
    return toMs <= until ? window : this.#wait(window, `it is asked for at ${iso(toMs)} or later`);
  }

  /**
   * Where a window must end for what is behind it to follow: where the next one begins, or where one ended that failed, as there may be one
   * behind it of which nobody got the answer. undefined where nothing is known behind it.
   */
  #endOfHole(fromMs: number): number | undefined {
    const next = this.#nextStart(fromMs) ?? Infinity;
    const failed = this.#needs.known.filter(isFailed).map(contentOf);
    const ends = failed.flatMap((one) => (one.kind === "window" && one.fromMs === fromMs ? wholeSecond(one.toMs) : []));
    // What would be left between the two must be long enough for a window.
    const end = Math.min(next, ...ends.filter((one) => one === next || one + WINDOW_LEAST_MS <= next));
    return end === Infinity ? undefined : cut(fromMs, end);
  }

  #nextStart(fromMs: number): number | undefined {
    const starts = this.#usable.flatMap((one) => (one.kind === "window" && one.fromMs > fromMs ? one.fromMs : []));
    return starts.length === 0 ? undefined : Math.min(...starts);
  }

  /** False when nothing more is to be asked for in this run. */
  #order(content: ExportContent, reached: number | undefined): boolean {
    const { tableId, place, wanted, nowMs, known, table } = this.#needs;
    const failed = known.filter((one) => isFailed(one) && isSame(one.content, content, reached ?? this.#before));
    const last = Math.max(...failed.map(({ endedMs, startedMs }) => endedMs ?? startedMs));
    const againMs = last + Math.min(AGAIN_MOST_MS, AGAIN_MS * AGAIN_FACTOR ** (failed.length - 1));
    if (failed.length >= FAILURES_SAID) this.#problem = failureOf(table, titleOf(content), { failed, againMs });
    if (failed.length > 0 && nowMs < againMs) {
      this.#wait(content, `it failed (${failed.at(-1)?.failure}); it is asked for again at ${iso(againMs)} or later`);
      return false;
    }
    if (this.#running >= RUNNING_MAX) {
      this.#wait(content, `${this.#running} exports of the table are under way: it is asked for after them`);
      return false;
    }
    const startMs = content.kind === "window" ? content.fromMs : (reached ?? Math.max(0, this.#before));
    const epoch = wanted.kind === "reach" ? wanted.epoch : 0;
    const { kind } = content;
    const token = exportToken({ tableId, place, kind, startMs, epoch, failures: failed.length });
    this.#orders.push({ content, token });
    this.#usable = [...this.#usable, content];
    this.#running += 1;
    const again = failed.length === 0 ? "" : " again";
    this.#wait(content, `it is asked for${again} now, and read by a later run`);
    return true;
  }

  #wait(content: ExportContent, why: string): undefined {
    this.#waiting.push({ what: titleOf(content), why });
  }
}

/** What can be restored moves on while one asks. */
const MARGIN_MS = 3_600_000;

function endOfWindow(fromMs: number, untilMs: number, wanted: Wanted): number | undefined {
  if (wanted.kind === "reach") return cut(fromMs, wanted.goalMs);
  const { everyMs } = wanted;
  const longest = Math.max(1, Math.floor(WINDOW_MOST_MS / everyMs));
  const count = Math.min(longest, Math.floor((untilMs - fromMs) / everyMs));
  return count < 1 ? undefined : fromMs + count * everyMs;
}

/** The end of a window that reaches a moment or comes nearer: neither too short nor too long. */
function cut(fromMs: number, goalMs: number): number {
  return Math.min(Math.max(goalMs, fromMs + WINDOW_LEAST_MS), fromMs + WINDOW_MOST_MS);
}

function isFailed({ status }: KnownExport): boolean {
  return status === "failed" || status === "gone";
}

/** Whether an export that failed was for what is wanted now. */
function isSame(one: ExportContent, other: ExportContent, reached: number): boolean {
  if (one.kind === "window") return other.kind === "window" && one.fromMs === other.fromMs;
  return other.kind === "full" && one.timeMs > reached;
}

/** What who reads exports decides by; nothing of a full one. */
function textsOf(one: ExportContent): readonly Window[] {
  return one.kind === "full" ? [] : [{ from: fullTime(one.fromMs), to: fullTime(one.toMs) }];
}

function fullTime(ms: number): string {
  return new Date(ms).toISOString();
}

function contentOf({ content }: KnownExport): ExportContent {
  return content;
}

export function titleOf(content: ExportContent): string {
  if (content.kind === "full") return `full export ${iso(content.timeMs)}`;
  return `window ${iso(content.fromMs)} – ${iso(content.toMs)}`;
}

function iso(ms: number): string {
  return shortTime(fullTime(ms));
}

function wholeSecond(ms: number): number {
  return ms - (ms % 1_000);
}
