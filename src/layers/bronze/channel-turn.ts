import { eitherSignal, type PrivateFolder, type World } from "../../base/index.ts";
import { CONTRACT_COLUMNS, struct, type StructType } from "../../contract/index.ts";
import type { BronzeDefinition } from "../../definition/index.ts";
import type { OpenTable } from "../../engine/index.ts";
import type { ChannelPlan, Pace, PlannedBatch } from "../../sources/index.ts";
import { openNewest, type LayerContext, type TablePlace } from "../context.ts";
import { meaningProperties } from "../table-meaning.ts";
import type { ChannelMemory, ChannelPosition } from "./channel-memory.ts";
import { planChannel } from "./plan-channel.ts";
import { stageAhead, type ReadyBatch } from "./stage-ahead.ts";
import { endOf, takeIn, type BatchWork, type TableWork, type TakenIn } from "./take-in.ts";

export interface TurnOptions {
  /** For the files of one staged batch. */
  readonly openFolder: () => Promise<PrivateFolder>;
  /** Called once there is something to take in. */
  readonly onWork?: () => void;
  /** Asked after each batch: whether it is somebody else's turn. */
  readonly isOver?: () => boolean;
  /** What a process that stays knows, and how often it comes. */
  readonly memory?: ChannelMemory;
  readonly pace?: Pace;
  /** Called after each commit; `newestMs`: when the newest change in it happened, where the source tells. */
  readonly onTaken?: (taken: TakenIn & { readonly newestMs: number | undefined }) => void;
}

export interface TurnOutcome extends Omit<ChannelPlan, "batches"> {
  readonly channel: string;
  readonly batches: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly version: number | undefined;
  /** Whether nothing of what was planned is left. */
  readonly isDone: boolean;
}

/** Takes in what a channel has, batch by batch, until there is nothing more or its turn is over. */
export async function takeTurn(context: LayerContext, work: TableWork, options: TurnOptions): Promise<TurnOutcome> {
  const { channel, place, log } = work;
  const { world } = context;
  const { batches, position: before, ...plan } = await planChannel(place, log, { ...work, ...options, world });
  let position = before;
  let taken = { batches: 0, rows: 0, quarantined: 0, version: undefined as number | undefined };
  let isOver = false;
  const isTurnOver = (): boolean => (isOver ||= options.isOver?.() === true);
  /** Where the channel is beyond its last commit. */
  let moved: string | undefined;
  for await (const ready of readBatches(context, work, { ...options, batches, isOver: isTurnOver })) {
    context.signal?.throwIfAborted();
    const { rows, unreadable, behind } = ready.staged;
    if (ready.batch.end === undefined && rows === 0 && unreadable.length === 0) {
      moved = endOf(ready);
    } else {
      const done = await commit(context, { ...work, ...ready, position }, options);
      position = done.batch;
      moved = undefined;
      taken = {
        batches: taken.batches + 1,
        rows: taken.rows + done.rows,
        quarantined: taken.quarantined + done.quarantined,
        version: done.version,
      };
    }
    const isLast = behind === undefined && ready.batch === batches.at(-1);
    if (isLast) isOver = false;
  }
  if (moved !== undefined) await move(work, { position, moved }, { ...options, world });
  return { ...plan, ...taken, channel: channel.name, isDone: !isOver };
}

async function commit(
  context: LayerContext,
  work: BatchWork,
  { pace, memory, onTaken }: Pick<TurnOptions, "pace" | "memory" | "onTaken">,
): Promise<TakenIn> {
  // A commit under way is finished where there is time to: what was read need not be read again.
  const done = await takeIn(pace === undefined ? context : withoutSignal(context), work);
  const nowMs = context.world.nowMs();
  memory?.set(work.channel, { position: done.batch, last: done.manifest, moved: undefined }, nowMs);
  memory?.keepSchema(work.staged.schema, nowMs);
  onTaken?.({ ...done, newestMs: work.staged.newestMs });
  return done;
}

/** The channel has learnt something without a record: that is written down, by a process that stays now and then. */
async function move(
  work: TableWork,
  at: { readonly position: number; readonly moved: string },
  { memory, world }: { readonly memory?: ChannelMemory; readonly world: World },
): Promise<void> {
  memory?.move(work.channel, at.moved);
  if (memory === undefined || memory.isDue(work.channel, world.nowMs())) await remember({ ...work, memory }, at, world);
}

function withoutSignal(context: LayerContext): LayerContext {
  const { engine, tables, world, run, onProgress } = context;
  return { engine, tables, world, run, ...(onProgress === undefined ? {} : { onProgress }) };
}

/** Writes down what a channel learnt since its last batch without taking a record in. */
async function remember(
  { channel, log, memory }: Pick<TableWork, "channel" | "log"> & { readonly memory: ChannelMemory | undefined },
  { position, moved }: Pick<ChannelPosition, "position"> & { readonly moved: string },
  world: World,
): Promise<void> {
  await log.remember(channel.name, position, moved);
  memory?.written(channel, world.nowMs());
}

/** Writes down what the channels of a table learnt, before the process ends. */
export async function rememberAll(
  work: Pick<TableWork, "source" | "log"> & { readonly memory: ChannelMemory },
  world: World,
): Promise<void> {
  for (const channel of work.source.channels) {
    const known = work.memory.of(channel, world.nowMs());
    if (known?.moved !== undefined && (channel.isLive === true || channel.movesWithoutRecords === true))
      await remember({ ...work, channel }, { position: known.position, moved: known.moved }, world);
  }
}

/** Reads what is planned, one batch ahead. The table is made before its first batch is read. */
async function* readBatches(
  context: LayerContext,
  { definition, channel, place }: TableWork,
  { batches, openFolder, onWork, isOver, memory, pace }: TurnOptions & { readonly batches: readonly PlannedBatch[] },
): AsyncGenerator<ReadyBatch> {
  if (batches.length === 0) return;
  onWork?.();
  const { world } = context;
  yield* stageAhead({
    batches,
    known: memory?.schema(world.nowMs()) ?? (await presentSchema(context, definition, place, memory)),
    openFolder,
    ...(isOver === undefined ? {} : { isOver }),
    stage: async (batch, known, { folder, signal }) => {
      using either = eitherSignal(context.signal, signal);
      return await channel.stage(batch, known, {
        world,
        folder,
        openFolder,
        ...(pace === undefined ? {} : { pace }),
        signal: either.signal,
        onProgress: ({ records, bytes }) =>
          context.onProgress?.({ table: definition.name, phase: "read", detail: batch.title, rows: records, bytes }),
      });
    },
  });
}

async function presentSchema(
  context: LayerContext,
  definition: BronzeDefinition,
  place: TablePlace,
  memory: ChannelMemory | undefined,
): Promise<StructType | undefined> {
  const { snapshot } = await ensureTable(context, definition, place);
  if (snapshot !== undefined) memory?.keepSchema(snapshot.metadata.schema, context.world.nowMs());
  return snapshot?.metadata.schema;
}

/** The table exists before its first batch, so that manifests can name its id. */
async function ensureTable(context: LayerContext, definition: BronzeDefinition, place: TablePlace): Promise<OpenTable> {
  const table = await openNewest(place);
  if (table.snapshot !== undefined) return table;
  await context.engine.append(
    table,
    { sql: "SELECT * FROM nothing", inputs: { nothing: { kind: "rows", schema: BRONZE_START, rows: [] } } },
    {
      create: {
        name: definition.name,
        ...(definition.meaning.description === undefined ? {} : { description: definition.meaning.description }),
        schema: BRONZE_START,
        partitionColumns: ["_ingestion_date"],
        properties: { ...meaningProperties(definition.meaning), ...definition.properties },
      },
    },
  );
  return await openNewest(place);
}

const BRONZE_START: StructType = struct(CONTRACT_COLUMNS);
