import { SluiceError } from "../../base/index.ts";
import { CONTRACT_COLUMNS, struct, type BatchManifest, type StructType } from "../../contract/index.ts";
import type { BronzeDefinition } from "../../definition/index.ts";
import type { TableHead, TxnAction } from "../../delta/index.ts";
import type { OpenTable } from "../../engine/index.ts";
import type { Channel, ChannelPlan, PlannedBatch, Source } from "../../sources/index.ts";
import { openNewest, type LayerContext, type TablePlace } from "../context.ts";
import { meaningProperties } from "../table-meaning.ts";
import type { BatchLog } from "./batch-log.ts";
import { stageAhead, type PrivateFolder, type ReadyBatch } from "./stage-ahead.ts";
import { channelAppId, endOf, takeIn, type TableWork } from "./take-in.ts";

export interface TurnOptions {
  /** For the files of one staged batch. */
  readonly openFolder: () => Promise<PrivateFolder>;
  /** Called once there is something to take in. */
  readonly onWork?: () => void;
  /** Asked after each batch: whether it is somebody else's turn. */
  readonly isOver?: () => boolean;
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
  const { batches, position: before, ...plan } = await planChannel(place, log, work);
  let position = before;
  let taken = { batches: 0, rows: 0, quarantined: 0, version: undefined as number | undefined };
  let isOver = false;
  const isTurnOver = (): boolean => (isOver ||= options.isOver?.() === true);
  /** Where the channel is beyond its last commit. */
  let moved: string | undefined;
  for await (const ready of readBatches(context, work, { batches, ...options, isOver: isTurnOver })) {
    context.signal?.throwIfAborted();
    const { rows, unreadable, behind } = ready.staged;
    if (ready.batch.end === undefined && rows === 0 && unreadable.length === 0) {
      moved = endOf(ready);
    } else {
      const done = await takeIn(context, { ...work, ...ready, position });
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
  if (moved !== undefined) await log.remember(channel.name, position, moved);
  return { ...plan, ...taken, channel: channel.name, isDone: !isOver };
}

/** A plan, and the channel's batch that it goes on from; -1 before the first. */
interface PlanFrom extends ChannelPlan {
  readonly position: number;
}

/** What a channel would do next; reads the table's head and the newest manifests of the source's channels only. */
export async function planChannel(
  place: TablePlace,
  log: BatchLog,
  { channel, source }: { readonly channel: Channel; readonly source: Pick<Source, "channels"> },
): Promise<PlanFrom> {
  const head = await place.log.head();
  const position = positionIn(head, channel);
  if (position < 0 && !hasBatches(head)) await refuseForgotten(place, log, head?.version ?? -1);
  const last = position < 0 ? undefined : await log.read(position);
  const moved = await movedOf(log, channel, position);
  const beside = new Map<string, string>();
  for (const other of source.channels) {
    const memory = other === channel ? undefined : await memoryOf(head, log, other);
    if (memory !== undefined) beside.set(other.name, memory);
  }
  return { ...(await channel.plan({ last, moved, beside, history: () => batchesBack(log, last) })), position };
}

async function* batchesBack(log: BatchLog, last: BatchManifest | undefined): AsyncGenerator<BatchManifest> {
  for (let batch = last; batch !== undefined; batch = batch.before < 0 ? undefined : await log.read(batch.before)) {
    yield batch;
  }
}

async function memoryOf(head: TableHead | undefined, log: BatchLog, channel: Channel): Promise<string | undefined> {
  const position = positionIn(head, channel);
  const moved = await movedOf(log, channel, position);
  return moved ?? (position < 0 ? undefined : (await log.read(position)).end);
}

export async function movedOf(log: BatchLog, channel: Channel, position: number): Promise<string | undefined> {
  return channel.isLive === true ? await log.moved(channel.name, position) : undefined;
}

/** The channel's newest batch that is in; -1 before the first. */
export function positionIn(head: TableHead | undefined, channel: Channel): number {
  return head?.txns.get(channelAppId(head.metadata.id, channel))?.version ?? -1;
}

function channelTxns(head: TableHead | undefined): readonly TxnAction[] {
  return [...(head?.txns.values() ?? [])].filter(({ appId }) => appId.startsWith(`${head?.metadata.id}/`));
}

function hasBatches(head: TableHead | undefined): boolean {
  return channelTxns(head).length > 0;
}

/** A table that was written to and has no `txn` any more must not be filled again from the start (FAULTS F26). */
async function refuseForgotten(place: TablePlace, log: BatchLog, version: number): Promise<void> {
  if (version <= 0) return;
  const newest = await log.newest(-1);
  if (newest < 0) return;
  throw new SluiceError(
    "table.broken-invariant",
    `Cannot read into ${place.name}: its position is gone while batches exist`,
    {
      facts: { table: place.name, newestBatch: newest, version },
      advice:
        "Restore the table to a version that has the position, or remove the table and its batches to load it anew.",
    },
  );
}

/** Reads what is planned, one batch ahead. The table is made before its first batch is read. */
async function* readBatches(
  context: LayerContext,
  { definition, channel, place }: TableWork,
  { batches, openFolder, onWork, isOver }: TurnOptions & { readonly batches: readonly PlannedBatch[] },
): AsyncGenerator<ReadyBatch> {
  if (batches.length === 0) return;
  onWork?.();
  const { snapshot } = await ensureTable(context, definition, place);
  yield* stageAhead({
    batches,
    known: snapshot?.metadata.schema,
    openFolder,
    ...(isOver === undefined ? {} : { isOver }),
    stage: async (batch, known, { folder, signal }) =>
      await channel.stage(batch, known, {
        world: context.world,
        folder,
        signal: context.signal === undefined ? signal : AbortSignal.any([context.signal, signal]),
        onProgress: ({ records, bytes }) =>
          context.onProgress?.({ table: definition.name, phase: "read", detail: batch.title, rows: records, bytes }),
      }),
  });
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
