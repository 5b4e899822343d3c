import { createHash } from "node:crypto";
import { must } from "../../../base/index.ts";
import type { PlannedBatch, PlannedFile } from "../../source.ts";
import { encodeCoverage, type Coverage } from "./coverage.ts";
import { unitName } from "./found-export.ts";
import type { PlannedUnit } from "./plan-exports.ts";

export interface BatchLimits {
  /** Uncompressed, as estimated. */
  readonly bytesMax: number;
  readonly unitsMax: number;
  readonly filesMax: number;
}

/** A unit with its files, in the manifest's order; of a unit that is partly in, those that are not. */
export interface LoadedUnit {
  readonly unit: PlannedUnit;
  readonly files: readonly PlannedFile[];
  /** Checksums of the unit's files that are in already. */
  readonly taken: readonly string[];
}

/** DynamoDB JSON shrinks to about a tenth. */
const INFLATION = 10;

/** Cuts units into batches: a large unit spans several, small ones share one. A batch has one epoch. */
export function cutBatches(
  units: readonly LoadedUnit[],
  before: Coverage | undefined,
  limits: BatchLimits,
): readonly PlannedBatch[] {
  // prettier-ignore
  const cutter = new Cutter(before, limits);
  for (const unit of units) cutter.add(unit);
  cutter.cut();
  return cutter.batches;
}

export function digestOfFiles(checksums: readonly string[]): string {
  return createHash("sha256").update(checksums.join("\n")).digest("hex").slice(0, 16);
}

class Cutter {
  readonly batches: PlannedBatch[] = [];
  readonly #limits: BatchLimits;
  #start: Coverage | undefined;
  #end: Coverage | undefined;
  #files: PlannedFile[] = [];
  #units: PlannedUnit[] = [];
  #bytes = 0;

  constructor(before: Coverage | undefined, limits: BatchLimits) {
    this.#start = before;
    this.#end = before;
    this.#limits = limits;
  }

  add({ unit, files, taken }: LoadedUnit): void {
    const settled = this.#end?.settled ?? {};
    const open = this.#units.at(-1);
    if (open !== undefined && (open.epoch !== unit.epoch || this.#units.length >= this.#limits.unitsMax)) this.cut();
    const before = this.#end;
    for (const [index, file] of files.entries()) {
      if (this.#isFull(file)) {
        if (index > 0) this.#end = { ...this.#partly(unit, before), settled, partial: partialUnit(unit, taken, files.slice(0, index)) }; // prettier-ignore
        this.cut();
      }
      if (this.#units.at(-1) !== unit) this.#units.push(unit);
      this.#files.push(file);
      this.#bytes += file.sizeBytes * INFLATION;
    }
    if (this.#units.at(-1) !== unit) this.#units.push(unit);
    this.#end = { ...unit.after, settled };
  }

  cut(): void {
    const first = this.#units[0];
    if (first === undefined) return;
    this.batches.push({
      epoch: first.epoch,
      files: this.#files,
      start: encodeCoverage(this.#start),
      end: encodeCoverage(this.#end),
      title: titleOf(this.#units, this.#end?.partial !== undefined),
    });
    this.#start = this.#end;
    this.#files = [];
    this.#units = [];
    this.#bytes = 0;
  }

  #isFull(next: PlannedFile): boolean {
    if (this.#files.length === 0) return false;
    return (
      this.#bytes + next.sizeBytes * INFLATION > this.#limits.bytesMax || this.#files.length >= this.#limits.filesMax
    );
  }

  /** Coverage while a unit is under way: what was before, or a new epoch in which nothing is whole yet. */
  #partly(unit: PlannedUnit, before: Coverage | undefined): Coverage {
    if (before !== undefined && before.epoch === unit.epoch && before.tableId === unit.after.tableId) return before;
    const { tableId, epoch, base, streamEpoch } = unit.after;
    const nothing = { coveredTo: null, snapshots: [], hasWindows: false, settled: {} };
    return { format: 1, tableId, epoch, base, ...nothing, ...(streamEpoch === undefined ? {} : { streamEpoch }) };
  }
}

function partialUnit(
  unit: PlannedUnit,
  taken: readonly string[],
  files: readonly PlannedFile[],
): Coverage["partial"] & object {
  // prettier-ignore
  const checksums = [...taken, ...files.map((file) => file.md5)];
  return {
    unit: unitName(unit.export.summary.content),
    filesTaken: checksums.length,
    digest: digestOfFiles(checksums),
  };
}

function titleOf(units: readonly PlannedUnit[], isPartial: boolean): string {
  const first = must(units[0], "a batch has a unit");
  const last = must(units.at(-1), "a batch has a unit");
  const names = [nameForPeople(first), ...(first === last ? [] : [nameForPeople(last)])].join(" … ");
  const count = units.length > 2 ? `${units.length} exports, ` : "";
  return `${count}${names}${isPartial ? " (a part)" : ""}`;
}

function nameForPeople({ export: { summary } }: PlannedUnit): string {
  const { content } = summary;
  if (content.kind === "full") return `full export ${shortTime(content.time)}`;
  return `window ${shortTime(content.from)} – ${shortTime(content.to)}`;
}

/** Without the milliseconds that are almost always zero. */
export function shortTime(time: string): string {
  return time.replace(".000Z", "Z");
}
