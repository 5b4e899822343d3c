import type { SluiceError, World } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import type { Compaction } from "../../layers/index.ts";
import type { RunReport, TableReport } from "../run-report.ts";

export interface RunRecordParts {
  readonly world: World;
  /** A new name for what tables do from now on. */
  readonly newRun: () => string;
  /** Keeps what tables did under one name; never throws. */
  readonly record: (report: RunReport) => Promise<RunReport>;
}

/** What tables did in the last while, under one name, until it is recorded in one commit. */
export class RunRecord {
  readonly #parts: RunRecordParts;
  readonly #compactions: Compaction[] = [];
  #startedMs: number;
  run: string;

  constructor(parts: RunRecordParts) {
    this.#parts = parts;
    this.run = parts.newRun();
    this.#startedMs = parts.world.nowMs();
  }

  compacted(compactions: readonly Compaction[]): void {
    this.#compactions.push(...compactions);
  }

  /** Records it, and begins anew; a while in which nothing changed leaves no trace. Gives what could not be recorded, with one of its tables. */
  async keep(
    tables: readonly TableReport[],
  ): Promise<{ readonly table: TableName; readonly error: SluiceError } | undefined> {
    const [first] = tables;
    if (first === undefined) return undefined;
    const { world, newRun, record } = this.#parts;
    const [run, startedMs, endedMs] = [this.run, this.#startedMs, world.nowMs()];
    this.run = newRun();
    this.#startedMs = endedMs;
    const compactions = this.#compactions.splice(0);
    const { unrecorded } = await record({ run, startedMs, endedMs, tables, publications: [], compactions });
    return unrecorded === undefined ? undefined : { table: first.table, error: unrecorded };
  }
}
