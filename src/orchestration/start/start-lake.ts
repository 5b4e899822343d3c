import { Slots, eitherSignal, type SluiceError } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import type { BronzeDefinition, LakeDefinition, TableDefinition } from "../../definition/index.ts";
import { ChannelMemory, publishes, rememberChannels, type LayerContext } from "../../layers/index.ts";
import { compactTables } from "../compact-tables.ts";
import { inputsOf } from "../inputs-of.ts";
import { publishTables } from "../publish-tables.ts";
import { attempt, type AttemptOptions, type RunOptions } from "../run-lake.ts";
import type { RunReport, TableReport } from "../run-report.ts";
import { BronzeRounds } from "./bronze-rounds.ts";
import { Comparisons, type ReconcileWork } from "./comparisons.ts";
import { every } from "./every.ts";
import { FlushTally, type Newest } from "./flush-tally.ts";
import { Notices } from "./notices.ts";
import { RunRecord } from "./run-record.ts";
import type { StartEvent } from "./start-event.ts";
import { TableLoop, type LoopParts, type Round } from "./table-loop.ts";

export interface StartOptions extends Omit<RunOptions, "records"> {
  /** Ends it: what is being committed is finished. */
  readonly signal: AbortSignal;
  /** Live channels are read so often, and what came is committed. */
  readonly flushMs: number;
  /** Everything else is looked at so often: other channels, and whether others have moved a table. */
  readonly lookMs: number;
  /** Must not throw. */
  readonly onEvent: (event: StartEvent) => void;
  /** Keeps what tables did in the last while, under one name; never throws. */
  readonly record: (report: RunReport) => Promise<RunReport>;
  /** A new name for what tables do from now on. */
  readonly newRun: () => string;
  /** For tables that say how often they are compared with their source; without it none is. */
  readonly reconciling?: ReconcileWork;
}

/** What tables did is recorded so often, in one commit; a while in which nothing changed leaves no trace. */
const RECORD_MS = 60_000;
/** As many as the engine takes calls at once, and one of them is kept free for Silver. */
const SILVER_AT_ONCE = 2;
const GOLD_AT_ONCE = 1;
/** A Gold table rests after it was computed for as long as that took, this long at most: Silver is not to wait for it. */
const GOLD_REST_MS_MAX = 60_000;
/** Commits of a table until it is looked at for small files: fewer cannot make enough of them. */
const COMPACT_EVERY = 8;

/**
 * Keeps tables fresh until the signal fires, everything open all the time: each table has a loop of its own, which works when its
 * time has come, or when what it reads has moved. What nothing happened to costs nothing but its source's answers. Resolves with the tables that
 * were given up, and why; before the signal only when all were.
 */
export async function startLake(
  context: LayerContext,
  lake: LakeDefinition,
  options: StartOptions,
): Promise<ReadonlyMap<TableName, SluiceError>> {
  return await new Started(context, lake, options).run();
}

class Started {
  readonly #lake: LakeDefinition;
  readonly #options: StartOptions;
  readonly #tally = new FlushTally();
  readonly #loops = new Map<TableName, TableLoop>();
  readonly #publishers = new Map<TableName, TableLoop>();
  readonly #memories = new Map<TableName, ChannelMemory>();
  readonly #unfit = new Map<TableName, SluiceError>();
  readonly #givenUp = new Map<TableName, SluiceError>();
  readonly #silver = new Slots(SILVER_AT_ONCE);
  readonly #gold = new Slots(GOLD_AT_ONCE);
  readonly #commits = new Map<TableName, number>();
  readonly #notices = new Notices();
  readonly #housekeeping = new Set<Promise<void>>();
  readonly #base: LayerContext;
  readonly #record: RunRecord;
  readonly #comparisons: Comparisons;

  constructor(context: LayerContext, lake: LakeDefinition, options: StartOptions) {
    this.#base = context;
    this.#lake = lake;
    this.#options = options;
    this.#record = new RunRecord({ world: context.world, ...options });
    const { reconciling: work, lookMs, onEvent } = options;
    const comparing = { world: context.world, work, lookMs, onEvent, context: () => this.#context, slots: this.#gold };
    this.#comparisons = new Comparisons(comparing);
    for (const definition of lake.tables) {
      if (options.only !== undefined && !options.only.has(definition.name)) continue;
      const round = this.#roundOf(definition);
      this.#loops.set(definition.name, this.#loopOf(definition.name, round));
      if (publishes(definition) && options.openTarget !== undefined) {
        this.#publishers.set(
          definition.name,
          this.#loopOf(definition.name, async () => await this.#publish(definition)),
        );
      }
    }
  }

  async run(): Promise<ReadonlyMap<TableName, SluiceError>> {
    const { signal, onEvent } = this.#options;
    const loops = [...this.#loops.values(), ...this.#publishers.values()];
    const over = new AbortController();
    const stopping = (): void => {
      const tables = [...new Set(loops.filter(({ isWorking }) => isWorking).map(({ table }) => table))];
      onEvent({ kind: "stopping", atMs: this.#nowMs, tables });
    };
    signal.addEventListener("abort", stopping, { once: true });
    const until = { world: this.#base.world, signal: over.signal };
    using either = eitherSignal(signal, over.signal);
    const comparing = this.#comparisons.run(this.#lake, this.#loops, either.signal);
    const telling = every(this.#options.flushMs, until, async () => this.#tell());
    const recording = every(RECORD_MS, until, async () => await this.#keepRecord());
    try {
      await Promise.all(loops.map(async (loop) => await this.#work(loop)));
    } finally {
      signal.removeEventListener("abort", stopping);
      over.abort();
    }
    await Promise.all([telling, recording, comparing, ...this.#housekeeping]);
    await this.#remember();
    this.#tell();
    await this.#keepRecord();
    return this.#givenUp;
  }

  async #work(loop: TableLoop): Promise<void> {
    await loop.run();
    if (this.#loops.get(loop.table) === loop) this.#comparisons.over(loop.table, this.#givenUp.get(loop.table));
  }

  get #nowMs(): number {
    return this.#base.world.nowMs();
  }

  get #context(): LayerContext {
    return { ...this.#base, run: this.#record.run, signal: this.#options.signal };
  }

  #loopOf(table: TableName, round: () => Promise<Round>): TableLoop {
    return new TableLoop({
      table,
      world: this.#base.world,
      signal: this.#options.signal,
      round,
      ...this.#telling(table),
    });
  }

  #telling(table: TableName): Pick<LoopParts, "onFailure" | "onRecovery"> {
    const { onEvent } = this.#options;
    return {
      onFailure: (error, againMs) => {
        if (againMs === undefined) this.#givenUp.set(table, error);
        this.#tally.noted({ ...NOTHING, table, outcome: "failed", error });
        onEvent({ kind: "failed", atMs: this.#nowMs, table, error, againMs });
      },
      onRecovery: () => onEvent({ kind: "recovered", atMs: this.#nowMs, table }),
    };
  }

  #roundOf(definition: TableDefinition): () => Promise<Round> {
    switch (definition.layer) {
      case "bronze":
        return this.#bronzeRound(definition);
      case "silver":
        return async () => await this.#silver.run(async () => await this.#derive(definition));
      case "gold":
        return async () => await this.#gold.run(async () => await this.#derive(definition));
    }
  }

  #bronzeRound(definition: BronzeDefinition): () => Promise<Round> {
    const { name } = definition;
    const { flushMs, lookMs, openSource } = this.#options;
    const memory = new ChannelMemory();
    this.#memories.set(name, memory);
    const rounds = new BronzeRounds({
      world: this.#base.world,
      hasLive: openSource(definition).channels.some(({ isLive }) => isLive === true),
      flushMs,
      lookMs,
      forget: () => memory.forget(),
      attempt: async ({ onlyLive = false }) => {
        const startedMs = this.#nowMs;
        const onTaken: OnTaken = ({ version, rows, quarantined, newestMs }) => {
          const taken = { ...NOTHING, table: name, outcome: "changed" as const, version, rows, quarantined };
          this.#changed(definition, { ...taken, elapsedMs: this.#nowMs - startedMs }, this.#tally.arrived(newestMs));
        };
        const report = await this.#attempt(definition, {
          memory,
          pace: { flushMs, roundMs: startedMs },
          onlyLive,
          onTaken,
        });
        this.#notice(report);
        return report;
      },
      ...this.#telling(name),
    });
    return this.#comparisons.watched(name, async () => await rounds.round());
  }

  /** Silver and Gold: from what their inputs have by now. */
  async #derive(definition: TableDefinition): Promise<Round> {
    const inputs = inputsOf(definition);
    const { lookMs } = this.#options;
    // A table that failed has what it had: what is made of several is not to mix that with what is new.
    const blocking = inputs.find((input) => !input.startsWith("bronze.") && this.#loops.get(input)?.isFailing === true);
    if (blocking !== undefined) return { error: undefined, againMs: this.#nowMs + lookMs };
    const startedMs = this.#nowMs;
    const newest = this.#tally.newestOf(inputs);
    const report = await this.#attempt(definition);
    if (report.outcome === "changed") this.#changed(definition, report, newest);
    if (report.outcome === "failed" && report.error !== undefined) return { error: report.error };
    if (report.outcome === "changed") await this.#compact(definition, report);
    const tookMs = definition.layer === "gold" && report.outcome === "changed" ? this.#nowMs - startedMs : 0;
    return { error: undefined, againMs: startedMs + lookMs, restMs: Math.min(GOLD_REST_MS_MAX, tookMs) };
  }

  async #attempt(definition: TableDefinition, follow?: AttemptOptions["follow"]): Promise<TableReport> {
    const startedMs = this.#nowMs;
    const { openSource, openFolder } = this.#options;
    const step = await attempt(this.#context, this.#lake, definition, {
      openSource,
      openFolder,
      unfit: this.#unfit,
      ...(follow === undefined ? {} : { follow }),
    });
    return { waiting: [], skipped: [], ...step, table: definition.name, elapsedMs: this.#nowMs - startedMs };
  }

  async #publish(definition: TableDefinition): Promise<Round> {
    const { openTarget, lookMs, onEvent } = this.#options;
    const startedMs = this.#nowMs;
    if (openTarget === undefined) return { error: undefined, againMs: startedMs + lookMs };
    const [report] = await publishTables(this.#context, [definition], { lake: this.#lake.name, openTarget });
    if (report?.error !== undefined) return { error: report.error };
    if (report?.outcome === "published") {
      const { table, target, put, deleted } = report;
      onEvent({ kind: "published", atMs: this.#nowMs, table, target, put, deleted });
    }
    return { error: undefined, againMs: startedMs + lookMs };
  }

  /** A version was committed: who reads it is woken. */
  #changed(definition: TableDefinition, report: TableReport, newest: Newest | undefined): void {
    const { name } = definition;
    this.#tally.changed(report, newest, this.#nowMs);
    this.#commits.set(name, (this.#commits.get(name) ?? 0) + 1);
    for (const reader of this.#lake.tables) if (inputsOf(reader).includes(name)) this.#loops.get(reader.name)?.wake();
    this.#publishers.get(name)?.wake();
    if (definition.layer !== "bronze") return;
    // Beside its next batches: to add rows and to put files together do not get into each other's way.
    const work = this.#compact(definition, report).finally(() => this.#housekeeping.delete(work));
    this.#housekeeping.add(work);
  }

  async #compact(definition: TableDefinition, report: TableReport): Promise<void> {
    const { name } = definition;
    if ((this.#commits.get(name) ?? 0) < COMPACT_EVERY) return;
    this.#commits.set(name, 0);
    const compactions = await compactTables(this.#context, [definition], [report]);
    // Whoever ends the process ends this, too: that is no failure.
    const told = this.#options.signal.aborted ? compactions.filter(({ kind }) => kind === "done") : compactions;
    this.#record.compacted(told);
    for (const one of told) {
      if (one.kind !== "failed") continue;
      const notice = { what: `small files of ${one.table}`, why: `they stay for now: ${one.error.message}` };
      this.#options.onEvent({ kind: "notice", atMs: this.#nowMs, table: name, notice });
    }
  }

  /** What a channel waits for, or what else is to be known: once. */
  #notice(report: TableReport): void {
    const { table } = report;
    for (const notice of this.#notices.take(report))
      this.#options.onEvent({ kind: "notice", atMs: this.#nowMs, table, notice });
  }

  #tell(): void {
    const event = this.#tally.takeFlush(this.#nowMs);
    if (event !== undefined) this.#options.onEvent(event);
  }

  async #keepRecord(): Promise<void> {
    const unkept = await this.#record.keep(this.#tally.takeReports());
    if (unkept !== undefined) {
      this.#options.onEvent({ kind: "failed", atMs: this.#nowMs, ...unkept, againMs: RECORD_MS });
    }
  }

  async #remember(): Promise<void> {
    for (const definition of this.#lake.tables) {
      const memory = this.#memories.get(definition.name);
      if (memory === undefined || definition.layer !== "bronze") continue;
      // Nothing depends on it: what is not written down is found out again.
      await rememberChannels(this.#context, definition, this.#options.openSource(definition), memory).catch(
        () => undefined,
      );
    }
  }
}

type OnTaken = NonNullable<NonNullable<AttemptOptions["follow"]>["onTaken"]>;

const NOTHING = {
  version: undefined,
  rows: 0,
  quarantined: 0,
  verdict: undefined,
  error: undefined,
  waiting: [],
  skipped: [],
  elapsedMs: 0,
} as const;
