import { Slots, SluiceError, type World } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import type { BronzeDefinition, LakeDefinition } from "../../definition/index.ts";
import type { LayerContext } from "../../layers/index.ts";
import { CatchUp } from "./catch-up.ts";
import { ReconcileLoop, type Compared } from "./reconcile-loop.ts";
import type { StartEvent } from "./start-event.ts";
import type { Round, TableLoop } from "./table-loop.ts";

/** What comparing a table with its source takes. */
export interface ReconcileWork {
  /** When its last complete comparison began, as it is recorded. */
  readonly lastMs: (table: TableName) => Promise<number | undefined>;
  /** Whether the table has what its source had. */
  readonly isLoaded: (definition: BronzeDefinition) => Promise<boolean>;
  /** Compares them and records it. `catchUp`: resolves once the table has what its stream had; `slots`: its queries wait for one each. */
  readonly compare: (
    context: LayerContext,
    definition: BronzeDefinition,
    how: { readonly catchUp: (signal: AbortSignal | undefined) => Promise<void>; readonly slots: Slots },
  ) => Promise<Compared>;
}

export interface ComparisonsParts {
  readonly world: World;
  readonly work: ReconcileWork | undefined;
  readonly lookMs: number;
  readonly onEvent: (event: StartEvent) => void;
  /** As it is when a comparison begins. */
  readonly context: () => LayerContext;
  /** What queries of no hurry wait for. */
  readonly slots: Slots;
}

/** A comparison reads a whole table. */
const AT_ONCE = 1;

/** Compares tables with their sources when that is due, one after the other, while they are kept fresh: nothing waits for it. */
export class Comparisons {
  readonly #parts: ComparisonsParts;
  readonly #catchUps = new Map<TableName, CatchUp>();

  constructor(parts: ComparisonsParts) {
    this.#parts = parts;
  }

  /** The rounds of a Bronze table, by which a comparison knows what it has caught up with. */
  watched(table: TableName, round: () => Promise<Round>): () => Promise<Round> {
    const catchUp = new CatchUp();
    this.#catchUps.set(table, catchUp);
    return async () => {
      const number = catchUp.begin();
      const done = await round();
      catchUp.end(number, done.error);
      return done;
    };
  }

  /** The table is looked at no more. */
  over(table: TableName, why: SluiceError | undefined): void {
    const error = why ?? new SluiceError("run.interrupted", `Nobody looks at ${table} any more`);
    this.#catchUps.get(table)?.stop(error);
  }

  /** Resolves when the signal fires. */
  async run(lake: LakeDefinition, loops: ReadonlyMap<TableName, TableLoop>, signal: AbortSignal): Promise<void> {
    const { work } = this.#parts;
    if (work === undefined) return;
    const one = new Slots(AT_ONCE);
    const running = lake.tables.flatMap((definition) => {
      const loop = loops.get(definition.name);
      if (definition.layer !== "bronze" || definition.reconcile === undefined || loop === undefined) return [];
      const { world, lookMs, onEvent } = this.#parts;
      const { name: table, reconcile: schedule } = definition;
      const lastMs = async (): Promise<number | undefined> => await work.lastMs(table);
      const isLoaded = async (): Promise<boolean> => await work.isLoaded(definition);
      const compare = async (): Promise<Compared> => await this.#compare(work, definition, { loop, signal });
      const parts = { table, schedule, world, signal, lookMs, slots: one, lastMs, isLoaded, compare, onEvent };
      return [new ReconcileLoop(parts)];
    });
    await Promise.all(running.map(async (loop) => await loop.run()));
  }

  async #compare(
    work: ReconcileWork,
    definition: BronzeDefinition,
    { loop, signal }: { readonly loop: TableLoop; readonly signal: AbortSignal },
  ): Promise<Compared> {
    const { world, context, slots } = this.#parts;
    const catchUp = async (until: AbortSignal | undefined): Promise<void> =>
      await this.#catchUps.get(definition.name)?.caughtUp({
        world,
        wake: () => loop.wake(),
        ...(until === undefined ? {} : { signal: until }),
      });
    return await work.compare({ ...context(), signal }, definition, { catchUp, slots });
  }
}
