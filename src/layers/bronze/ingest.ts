import type { SluiceError } from "../../base/index.ts";
import type { BronzeDefinition } from "../../definition/index.ts";
import type { Channel, Notice, Source } from "../../sources/index.ts";
import type { LayerContext } from "../context.ts";
import { batchLog } from "./batch-log.ts";
import type { ChannelMemory } from "./channel-memory.ts";
import { finishing } from "./finish-channels.ts";
import { rememberAll, takeTurn, type TurnOptions, type TurnOutcome } from "./channel-turn.ts";
import type { TableWork } from "./take-in.ts";

export interface IngestOutcome {
  readonly batches: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly version: number | undefined;
  readonly waiting: readonly Notice[];
  readonly skipped: readonly Notice[];
  /** What stops the table now that everything before it is in. */
  readonly problem?: SluiceError;
  /** Why no Silver table can be made of it. */
  readonly unfit?: SluiceError;
}

export interface IngestOptions extends Omit<TurnOptions, "isOver"> {
  /** Only those channels that bring changes while they happen. */
  readonly onlyLive?: boolean;
}

/**
 * Takes everything that the source's channels have and Bronze has not, one batch a commit (DESIGN, "One data path"): stage,
 * unreadable lines to quarantine, manifest n, Bronze commit with `txn` = n refused unless the channel's is the batch before.
 * Live channels come first, so that their position is known before a snapshot begins, and again while others take long.
 */
export async function ingestBronze(
  context: LayerContext,
  definition: BronzeDefinition,
  source: Source,
  options: IngestOptions,
): Promise<IngestOutcome> {
  const table = tableOf(context, definition, source);
  const live = source.channels.filter(isLive);
  const turns: TurnOutcome[] = [];
  const take = async (channel: Channel, isOver: () => boolean = () => false): Promise<TurnOutcome> => {
    const turn = await takeTurn(context, { ...table, channel }, { ...options, isOver });
    turns.push(turn);
    return turn;
  };
  const takeLive = async (): Promise<void> => {
    // Who stays comes back; who reads once reads all that is there.
    const endsMs = options.pace === undefined ? Infinity : context.world.nowMs() + TURN_MS;
    for (const channel of live) await take(channel, () => context.world.nowMs() >= endsMs);
  };
  const others = options.onlyLive === true ? [] : source.channels.filter((one) => !isLive(one));
  const work = async (): Promise<void> => {
    await takeLive();
    for (const channel of others) {
      // It lies where others may have put something: nothing that is known of it counts.
      options.memory?.forget(channel);
      for (let isDone = false; !isDone;) {
        const endsMs = live.length === 0 ? Infinity : context.world.nowMs() + TURN_MS;
        const turn = await take(channel, () => context.world.nowMs() >= endsMs);
        if (turn.batches > 0) await takeLive();
        isDone = turn.isDone || turn.problem !== undefined;
      }
    }
  };
  const left = await finishing(options.onlyLive === true ? live : source.channels, work);
  const { waiting, ...outcome } = together(turns);
  return { ...outcome, waiting: [...waiting, ...left] };
}

/** Writes down what a process that stays has learnt of a table's channels, before it ends. */
export async function rememberChannels(
  context: LayerContext,
  definition: BronzeDefinition,
  source: Source,
  memory: ChannelMemory,
): Promise<void> {
  await rememberAll({ ...tableOf(context, definition, source), memory }, context.world);
}

function tableOf(context: LayerContext, definition: BronzeDefinition, source: Source): Omit<TableWork, "channel"> {
  const name = definition.name.slice("bronze.".length);
  const place = context.tables.place("bronze", name);
  return { definition, source, place, log: batchLog(context.tables.systemStore, name) };
}

/** How long another channel may take until the live ones are read again. */
const TURN_MS = 60_000;

function isLive(channel: Channel): boolean {
  return channel.isLive === true;
}

function together(turns: readonly TurnOutcome[]): IngestOutcome {
  const sum = (of: (turn: TurnOutcome) => number): number => turns.reduce((total, turn) => total + of(turn), 0);
  // What a channel waits for is what it said last.
  const last = [...new Map(turns.map((turn) => [turn.channel, turn])).values()];
  const problem = last.find((turn) => turn.problem !== undefined)?.problem;
  const unfit = last.find((turn) => turn.unfit !== undefined)?.unfit;
  return {
    batches: sum((turn) => turn.batches),
    rows: sum((turn) => turn.rows),
    quarantined: sum((turn) => turn.quarantined),
    version: turns.findLast((turn) => turn.version !== undefined)?.version,
    waiting: last.flatMap((turn) => turn.waiting),
    skipped: turns.flatMap((turn) => turn.skipped),
    ...(problem === undefined ? {} : { problem }),
    ...(unfit === undefined ? {} : { unfit }),
  };
}
