import { SluiceError, type World } from "../../base/index.ts";
import type { BatchManifest } from "../../contract/index.ts";
import type { TableHead, TxnAction } from "../../delta/index.ts";
import type { Channel, ChannelPlan, Notice, Pace, Source } from "../../sources/index.ts";
import type { TablePlace } from "../context.ts";
import type { BatchLog } from "./batch-log.ts";
import type { ChannelMemory, ChannelPosition, NewestBatch } from "./channel-memory.ts";
import { channelAppId } from "./take-in.ts";

/** A plan, and the channel's batch that it goes on from; -1 before the first. */
interface PlanFrom extends ChannelPlan {
  readonly position: number;
}

interface PlanWork {
  readonly channel: Channel;
  readonly source: Pick<Source, "channels">;
  readonly world: Pick<World, "nowMs">;
  readonly memory?: ChannelMemory;
  readonly pace?: Pace;
}

/** What a channel would do next; reads the table's head and the newest manifests of the source's channels only. */
export async function planChannel(place: TablePlace, log: BatchLog, work: PlanWork): Promise<PlanFrom> {
  const { channel, source, pace } = work;
  const { damaged, ...known } = await positionOf(place, log, work);
  const { last, moved, position } = known;
  const beside = new Map<string, string>();
  for (const other of source.channels) {
    const memory = other === channel ? undefined : await memoryOf(place, log, { ...work, channel: other });
    if (memory !== undefined) beside.set(other.name, memory);
  }
  const history = (): AsyncGenerator<BatchManifest> => batchesBack(log, last);
  let read: Promise<readonly NewestBatch[]> | undefined;
  const newest = async (): Promise<readonly NewestBatch[]> => await (read ??= newestBatches(place, log, work));
  const newestEpoch = async (): Promise<number> => Math.max(0, ...(await newest()).map(({ epoch }) => epoch));
  const othersMs = async (named: readonly string[]): Promise<number | undefined> => {
    const others = (await newest()).filter((one) => !named.includes(one.channel));
    return others.length === 0 ? undefined : Math.max(...others.map(({ createdMs }) => createdMs));
  };
  const paced = pace === undefined ? {} : { pace };
  const plan = await channel.plan({ last, moved, beside, history, newestEpoch, othersMs, ...paced });
  return { ...plan, waiting: [...plan.waiting, ...damaged], position };
}

/** Where a channel is; of a process that stays, as far as it still knows. */
async function positionOf(
  place: TablePlace,
  log: BatchLog,
  { channel, world, memory }: PlanWork,
): Promise<ChannelPosition & { readonly damaged: readonly Notice[] }> {
  const known = memory?.of(channel, world.nowMs());
  if (known?.isFresh === true) return { ...known, damaged: [] };
  const head = await place.log.head();
  const position = positionIn(head, channel);
  if (position < 0 && !hasBatches(head)) await refuseForgotten(place, log, head?.version ?? -1);
  if (known?.position === position) {
    memory?.set(channel, known, world.nowMs());
    return { ...known, damaged: [] };
  }
  const last = position < 0 ? undefined : await log.read(position);
  const { end: moved, damaged } = await movedOf(log, channel, position);
  memory?.set(channel, { position, last, moved }, world.nowMs());
  return { position, last, moved, damaged };
}

async function* batchesBack(log: BatchLog, last: BatchManifest | undefined): AsyncGenerator<BatchManifest> {
  for (let batch = last; batch !== undefined; batch = batch.before < 0 ? undefined : await log.read(batch.before)) {
    yield batch;
  }
}

async function memoryOf(
  place: TablePlace,
  log: BatchLog,
  { channel, world, memory }: PlanWork,
): Promise<string | undefined> {
  const known = memory?.of(channel, world.nowMs());
  if (known !== undefined) return known.moved ?? known.last?.end;
  const position = positionIn(await place.log.head(), channel);
  const { end } = await movedOf(log, channel, position);
  return end ?? (position < 0 ? undefined : (await log.read(position)).end);
}

export async function movedOf(
  log: BatchLog,
  channel: Channel,
  position: number,
): Promise<{ readonly end: string | undefined; readonly damaged: readonly Notice[] }> {
  if (channel.isLive !== true && channel.movesWithoutRecords !== true) return { end: undefined, damaged: [] };
  const progress = await log.moved(channel.name, position);
  if (progress.kind === "moved") return { end: progress.end, damaged: [] };
  if (progress.kind === "none") return { end: undefined, damaged: [] };
  const why = "it is damaged: the channel goes on from its last batch, and writes it anew";
  return { end: undefined, damaged: [{ what: progress.path, why }] };
}

/** The channel's newest batch that is in; -1 before the first. */
export function positionIn(head: TableHead | undefined, channel: Channel): number {
  return head?.txns.get(channelAppId(head.metadata.id, channel))?.version ?? -1;
}

function channelTxns(head: TableHead | undefined): readonly TxnAction[] {
  return [...(head?.txns.values() ?? [])].filter(({ appId }) => appId.startsWith(`${head?.metadata.id}/`));
}

/** The newest of each channel that the table ever had. A channel's epochs only grow: it has the channel's newest one. */
async function newestBatches(
  place: TablePlace,
  log: BatchLog,
  { world, memory }: PlanWork,
): Promise<readonly NewestBatch[]> {
  const kept = memory?.newest(world.nowMs());
  if (kept !== undefined) return kept;
  const positions = channelTxns(await place.log.head()).map(({ version }) => version);
  const batches = await Promise.all(positions.map(async (position) => await log.read(position)));
  const newest = batches.map(({ channel, epoch, createdMs }) => ({ channel, epoch, createdMs }));
  memory?.keepNewest(newest, world.nowMs());
  return newest;
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
