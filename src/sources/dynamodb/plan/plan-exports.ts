import { SluiceError, must } from "../../../base/index.ts";
import type { Notice } from "../../source.ts";
import type { Coverage } from "./coverage.ts";
import { shortTime } from "./cut-batches.ts";
import { nextWindow } from "./next-window.ts";
import {
  byEnd,
  compareText,
  endOf,
  isFinished,
  isFull,
  isWindow,
  startOf,
  unitName,
  type FinishedExport,
  type FoundExport,
} from "./found-export.ts";

export interface PlannedUnit {
  readonly export: FinishedExport;
  readonly epoch: number;
  /** Coverage once the unit is in, without `settled`. */
  readonly after: Omit<Coverage, "settled" | "partial">;
}

export interface ExportPlan {
  readonly units: readonly PlannedUnit[];
  readonly waiting: readonly Notice[];
  readonly skipped: readonly Notice[];
  readonly problem?: SluiceError;
  /** Folders that need no look any more once the units are in. */
  readonly settled: ReadonlySet<string>;
}

export interface ExportRules {
  readonly table: string;
  readonly requireFullExport: boolean;
  /** The epoch of the stream beside the exports. */
  readonly streamEpoch?: number;
  /** The epoch that exports alone begin in. 0 unless told. */
  readonly firstEpoch?: number;
  /** Where they begin: with a full export of this moment or later, as other channels brought changes until then. */
  readonly fullFrom?: string;
}

/**
 * Decides which exports are taken, in which order and epoch: snapshots and windows that tile from what is covered
 * already. What would leave a hole waits for a running export, or for the missing window, or begins a new epoch
 * with a later snapshot (docs/decisions/0016).
 */
export function planExports(
  found: readonly FoundExport[],
  state: Coverage | undefined,
  rules: ExportRules,
): ExportPlan {
  const finished = found.filter(isFinished).toSorted(byEnd);
  const running = found.filter(({ summary, otherTable }) => summary === undefined && otherTable === undefined);
  const planner = new Planner(finished, running, rules);
  planner.skipOtherTables(found);
  planner.run(state);
  return planner.plan();
}

type Position = PlannedUnit["after"];

class Planner {
  readonly #rules: ExportRules;
  readonly #running: readonly FoundExport[];
  #rest: readonly FinishedExport[];
  #at: Position | undefined;
  readonly #units: PlannedUnit[] = [];
  readonly #waiting: Notice[] = [];
  readonly #skipped: Notice[] = [];
  readonly #settled = new Set<string>();
  #problem: SluiceError | undefined;

  constructor(finished: readonly FinishedExport[], running: readonly FoundExport[], rules: ExportRules) {
    this.#rules = rules;
    this.#running = running;
    this.#rest = finished;
  }

  plan(): ExportPlan {
    return {
      units: this.#units,
      waiting: this.#waiting,
      skipped: this.#skipped,
      settled: this.#settled,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** One notice a table: there may be thousands of exports. */
  skipOtherTables(found: readonly FoundExport[]): void {
    const tables = new Set<string>();
    for (const { folder, otherTable } of found) {
      if (otherTable === undefined) continue;
      this.#settled.add(folder);
      if (tables.has(otherTable)) continue;
      tables.add(otherTable);
      this.#skipped.push({ what: folder, why: `an export of another table, ${otherTable}` });
    }
  }

  run(state: Coverage | undefined): void {
    for (const { folder } of this.#running) this.#waiting.push({ what: folder, why: "the export is still running" });
    if (state === undefined) this.#start();
    else this.#resume(state);
    while (this.#at !== undefined && this.#problem === undefined) {
      this.#drain();
      if (!this.#leap()) break;
    }
  }

  /** The very first unit: the earliest snapshot; or windows, where they reach back to the table's creation. */
  #start(): void {
    const { fullFrom } = this.#rules;
    const first = this.#rest.find((one) => isFull(one) && this.#isYoungEnough(one));
    const earliest = this.#rest
      .filter(isWindow)
      .toSorted((left, right) => compareText(startOf(left), startOf(right)))[0];
    const isFromWindows =
      !this.#rules.requireFullExport &&
      fullFrom === undefined &&
      earliest !== undefined &&
      (first === undefined || startOf(earliest) < startOf(first));
    const epoch = this.#rules.firstEpoch ?? 0;
    if (isFromWindows) {
      const base = startOf(earliest);
      const { tableId } = earliest.summary;
      this.#at = { format: 1, tableId, epoch, base, coveredTo: base, snapshots: [], hasWindows: true };
    } else if (first !== undefined) this.#begin(first, epoch);
    else if (this.#running.length === 0) this.#problem = this.#noSnapshot();
    else for (const one of this.#rest) this.#wait(one, noFullYet(fullFrom));
  }

  #resume(state: Coverage): void {
    const { settled: _settled, partial, ...position } = state;
    this.#at = position;
    if (partial === undefined) return;
    const unit = this.#rest.find(
      ({ summary }) => summary.tableId === state.tableId && unitName(summary.content) === partial.unit,
    );
    if (unit !== undefined) this.#take(unit);
    else if (!this.#leap()) {
      this.#problem ??= new SluiceError(
        "source.missing",
        "Cannot go on with an export of which a part is in: it is gone",
        {
          facts: { table: this.#rules.table, export: partial.unit },
        },
      );
    }
  }

  /** Takes everything that follows without a hole. */
  #drain(): void {
    for (;;) {
      this.#skipCovered();
      const next = this.#next();
      if (next === undefined) return;
      this.#take(next);
    }
  }

  /** Of this table, and either the window that goes on from what is covered or a snapshot inside of it: whichever ends first. */
  #next(): FinishedExport | undefined {
    const { tableId: present, coveredTo } = this.#position();
    if (coveredTo === null) return undefined;
    const own = this.#rest.filter(({ summary }) => summary.tableId === present);
    const windows = own.filter(isWindow).map((one) => ({ ...one.summary.content, export: one }));
    const window = nextWindow(windows, coveredTo)?.export;
    return own.find((one) => one === window || (isFull(one) && endOf(one.summary.content) <= coveredTo));
  }

  /**
   * Over a hole, or to a table that was made anew: begins an epoch where there is a later snapshot.
   * False when the plan ends here.
   */
  #leap(): boolean {
    const { tableId, coveredTo, base, epoch, hasWindows } = this.#position();
    const beyond = this.#rest.filter(({ summary }) => summary.tableId === tableId);
    const others = this.#rest.filter(({ summary }) => summary.tableId !== tableId);
    const mayBeFilled = this.#running.length > 0 && (hasWindows || beyond.some(isWindow));
    if (beyond.length > 0 && mayBeFilled) {
      for (const one of beyond) this.#wait(one, "a running export may lie before it");
      return false;
    }
    const reached = coveredTo ?? base;
    const snapshot = beyond.find(
      (one) => isFull(one) && one.summary.content.time > reached && this.#isYoungEnough(one),
    );
    const successor = others.find((one) => isFull(one) && one.summary.content.time > base);
    if (snapshot !== undefined || successor !== undefined) {
      this.#begin(must(snapshot ?? successor, "one of them is there"), epoch + 1);
      return true;
    }
    const first = beyond.find(isWindow);
    if (first !== undefined) this.#problem = this.#gap(reached, beyond);
    else if (others.length > 0) this.#refuseOtherId(others);
    return false;
  }

  #isYoungEnough({ summary }: FinishedExport): boolean {
    const { fullFrom } = this.#rules;
    return fullFrom === undefined || endOf(summary.content) >= fullFrom;
  }

  #begin(snapshot: FinishedExport, epoch: number): void {
    const base = endOf(snapshot.summary.content);
    const { tableId } = snapshot.summary;
    const { streamEpoch } = this.#rules;
    const nothing = { coveredTo: null, snapshots: [], hasWindows: false };
    this.#at = { format: 1, tableId, epoch, base, ...nothing, ...(streamEpoch === undefined ? {} : { streamEpoch }) };
    this.#take(snapshot);
    this.#takeOut(
      (one) => endOf(one.summary.content) < base || (isWindow(one) && endOf(one.summary.content) === base),
      (one) => this.#skip(one, `it ends before the full export of ${base}`),
    );
  }

  #take(unit: FinishedExport): void {
    const { content } = unit.summary;
    const at = this.#position();
    const isSnapshot = content.kind === "full";
    const coveredTo = at.coveredTo !== null && at.coveredTo > endOf(content) ? at.coveredTo : endOf(content);
    this.#at = {
      ...at,
      coveredTo,
      snapshots: isSnapshot ? [...at.snapshots, content.time] : at.snapshots,
      hasWindows: at.hasWindows || !isSnapshot,
    };
    this.#units.push({ export: unit, epoch: at.epoch, after: this.#at });
    this.#settled.add(unit.folder);
    this.#rest = this.#rest.filter((one) => one !== unit);
    const isSameUnit = (one: FinishedExport): boolean =>
      one.summary.tableId === at.tableId && unitName(one.summary.content) === unitName(content);
    this.#takeOut(isSameUnit, (one) => this.#skip(one, `the same export as ${unit.folder}`));
  }

  #skipCovered(): void {
    const { tableId, coveredTo, base, snapshots } = this.#position();
    if (coveredTo === null) return;
    const whyCovered = ({ summary: { content, ...summary } }: FinishedExport): string | undefined => {
      if (summary.tableId !== tableId) return endOf(content) < base ? "of a table that was replaced" : undefined;
      if (content.kind === "window") return content.to <= coveredTo ? "its window is covered already" : undefined;
      if (snapshots.includes(content.time)) return "delivered already";
      return content.time < base ? `before the full export of ${base}` : undefined;
    };
    this.#takeOut(
      (one) => whyCovered(one) !== undefined,
      (one) => this.#skip(one, whyCovered(one) ?? ""),
    );
  }

  #refuseOtherId(others: readonly FinishedExport[]): void {
    for (const one of others) if (this.#running.length > 0) this.#wait(one, "no full export of the new table yet");
    if (this.#running.length > 0) return;
    this.#problem = new SluiceError(
      "source.invalid",
      "Cannot go on: the exports are of another table of the same name",
      {
        facts: { table: this.#rules.table, id: this.#position().tableId, other: others[0]?.summary.tableId },
        advice: "Provide a full export of the new table, or move its exports to another folder.",
      },
    );
  }

  #gap(from: string, beyond: readonly FinishedExport[]): SluiceError {
    const windows = beyond.filter(isWindow);
    const to = windows
      .map(startOf)
      .filter((start) => start > from)
      .toSorted(compareText)[0];
    if (to === undefined) return this.#straddles(from, must(windows[0], "windows lead here"));
    return new SluiceError("source.gap", "Cannot go on: the exports leave a hole", {
      facts: { table: this.#rules.table, from, to, next: beyond[0]?.folder, exports: beyond.length },
      advice: `Export the window from ${from} to ${to}, or make a later full export, and run again.`,
    });
  }

  #straddles(from: string, window: FinishedExport): SluiceError {
    const to = endOf(window.summary.content);
    return new SluiceError("source.gap", "Cannot go on: a window begins before what is in ends", {
      facts: { table: this.#rules.table, from, begins: startOf(window), to, next: window.folder },
      advice: `What was inserted before ${from} and deleted after it has left no trace in that window. Export the one from ${from} to ${to}, or make a later full export, and run again.`,
    });
  }

  #noSnapshot(): SluiceError {
    const { table, fullFrom } = this.#rules;
    if (fullFrom !== undefined && this.#rest.length > 0) return behindOthers(table, fullFrom);
    if (this.#rest.length === 0) {
      return new SluiceError("source.missing", "Cannot begin: there is no export of the table below the folder", {
        facts: { table, ...(fullFrom === undefined ? {} : { neededFrom: shortTime(fullFrom) }) },
        advice: "Check the folder and the table's name, or export the table.",
      });
    }
    return new SluiceError("source.gap", "Cannot begin: there are windows but no full export", {
      facts: { table, exports: this.#rest.length },
      advice:
        "Make a full export; or set `requireFullExport: false` if the windows reach back to the table's creation.",
    });
  }

  #takeOut(isMeant: (one: FinishedExport) => boolean, use: (one: FinishedExport) => void): void {
    const rest: FinishedExport[] = [];
    for (const one of this.#rest) {
      if (isMeant(one)) use(one);
      else rest.push(one);
    }
    this.#rest = rest;
  }

  #skip(one: FinishedExport, why: string): void {
    this.#skipped.push({ what: one.folder, why });
    this.#settled.add(one.folder);
  }

  #wait(one: FinishedExport, why: string): void {
    this.#waiting.push({ what: one.folder, why });
  }

  #position(): Position {
    return must(this.#at, "the planner has begun");
  }
}

function noFullYet(fullFrom: string | undefined): string {
  const from =
    fullFrom === undefined ? "" : ` as of ${shortTime(fullFrom)} or later, as changes came in from elsewhere,`;
  return `no full export${from} is complete yet`;
}

function behindOthers(table: string, fullFrom: string): SluiceError {
  const from = shortTime(fullFrom);
  return new SluiceError(
    "source.gap",
    "Cannot go on with windows of exports: changes came in from elsewhere that no full export has seen",
    {
      facts: { table, neededFrom: from },
      advice: `Export the table in full as of ${from} or later. What others brought in and what was deleted since has left no trace in a window.`,
    },
  );
}
