import type { BatchManifest } from "../../contract/index.ts";
import type { TableHead } from "../../delta/index.ts";
import type { Channel, ChannelEpoch, ChannelHistory, FileTally, Source } from "../../sources/index.ts";
import type { TablePlace } from "../context.ts";
import type { BatchLog } from "./batch-log.ts";
import { countFiles } from "./file-tallies.ts";
import { movedOf, positionIn } from "./plan-channel.ts";

export interface TableHistory {
  readonly channels: ReadonlyMap<Channel, ChannelHistory>;
  /** Whether there are older batches that nobody looked at. */
  readonly isCut: boolean;
}

/** A few years of hourly batches; older ones tell nothing that a snapshot since does not. */
const BATCHES_MAX = 50_000;
/** Manifests are small, and their numbers have no gaps: so many are read at a time. */
const READS_AT_ONCE = 64;

/** What is kept of a table's channels. Reads the table's head and the manifests, backwards, and keeps an epoch's last state alone. */
export async function channelHistories(
  place: TablePlace,
  log: BatchLog,
  { channels }: Pick<Source, "channels">,
): Promise<TableHistory> {
  const head = await place.log.head();
  const followed = channels.map((channel) => new Followed(channel, positionIn(head, channel)));
  let next = Math.max(-1, ...followed.map((one) => one.next));
  const lowest = Math.max(0, next + 1 - BATCHES_MAX);
  while (next >= lowest && followed.some((one) => one.next >= 0)) {
    const first = Math.max(lowest, next + 1 - READS_AT_ONCE);
    const numbers = Array.from({ length: next + 1 - first }, (_, index) => next - index);
    const manifests = await Promise.all(numbers.map(async (batch) => await log.find(batch)));
    for (const manifest of manifests) for (const one of followed) one.see(manifest);
    next = first - 1;
  }
  for (const one of followed) if (one.next >= lowest) await log.read(one.next);
  const isCut = followed.some((one) => one.next >= 0);
  return { channels: await historiesOf(followed, { head, log }), isCut };
}

async function historiesOf(
  followed: readonly Followed[],
  { head, log }: { readonly head: TableHead | undefined; readonly log: BatchLog },
): Promise<ReadonlyMap<Channel, ChannelHistory>> {
  const histories = new Map<Channel, ChannelHistory>();
  for (const { channel, epochs, next } of followed) {
    const { end: moved } = await movedOf(log, channel, positionIn(head, channel));
    const isCut = next >= 0 ? { isCut: true } : {};
    histories.set(channel, { epochs: epochs.toReversed(), ...(moved === undefined ? {} : { moved }), ...isCut });
  }
  return histories;
}

interface GrowingEpoch extends ChannelEpoch {
  readonly files?: Map<string, FileTally>;
}

/** A channel whose batches are followed from the newest one back: a manifest names the one before it. */
class Followed {
  readonly channel: Channel;
  /** The newest first. */
  readonly epochs: GrowingEpoch[] = [];
  next: number;

  constructor(channel: Channel, newest: number) {
    this.channel = channel;
    this.next = newest;
  }

  see(manifest: BatchManifest | undefined): void {
    if (manifest === undefined || manifest.batch !== this.next) return;
    this.next = manifest.before;
    const { batch, epoch, end, rows, createdMs, files } = manifest;
    const later = this.epochs.at(-1);
    if (later?.epoch === epoch) {
      const { batches } = later;
      const known = {
        ...batches,
        first: batch,
        firstMs: createdMs,
        count: batches.count + 1,
        rows: batches.rows + rows,
      };
      this.epochs[this.epochs.length - 1] = { ...later, batches: known };
      this.#count(later, files);
      return;
    }
    const batches = { first: batch, last: batch, count: 1, rows, firstMs: createdMs, lastMs: createdMs };
    const opened: GrowingEpoch = this.channel.groupOf === undefined ? { epoch, end, batches } : { epoch, end, batches, files: new Map() }; // prettier-ignore
    this.epochs.push(opened);
    this.#count(opened, files);
  }

  #count({ files: tallies }: GrowingEpoch, files: BatchManifest["files"]): void {
    const { groupOf } = this.channel;
    if (tallies !== undefined && groupOf !== undefined) countFiles(tallies, files, groupOf);
  }
}
