import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, type World } from "../../../src/base/index.ts";
import type { BatchManifest } from "../../../src/contract/index.ts";
import { ledgerOf, type Ledger } from "../../../src/layers/index.ts";
import type { Channel, ChannelEpoch, Span } from "../../../src/sources/index.ts";
import { ScanThreads } from "../../../src/sources/dynamodb/scan/scan-threads.ts";
import { kinesisChannel } from "../../../src/sources/dynamodb/kinesis/kinesis-channel.ts";
import { KinesisMemory } from "../../../src/sources/dynamodb/kinesis/kinesis-memory.ts";
import { decodeKinesis, encodeKinesis } from "../../../src/sources/dynamodb/kinesis/kinesis-state.ts";
import { patientKinesis } from "../../../src/sources/dynamodb/kinesis/patient-kinesis.ts";
import { readKinesis } from "../../../src/sources/dynamodb/kinesis/read-kinesis.ts";
import { changesBeside } from "../../../src/sources/dynamodb/live/beside.ts";
import { snapshotConstants } from "../../../src/sources/dynamodb/snapshot-events.ts";
import type { Event } from "./followed-table.ts";
import type { RecordedKinesis } from "./recorded-kinesis.ts";

/** What the lake does with the channel and a snapshot beside it, without an engine. */
export class FollowedKinesis {
  readonly events: Event[] = [];
  readonly notices: string[] = [];
  unreadable: readonly string[] = [];
  problem: string | undefined;
  beforeCommit: () => void = () => undefined;
  readonly #stream: RecordedKinesis;
  readonly #world: World;
  readonly #channel: Channel;
  #memory = new KinesisMemory();
  #end: string | undefined;
  #moved: string | undefined;
  #snapshotEpoch = -1;
  readonly #epochs = new Map<number, ChannelEpoch>();
  readonly #snapshots: Span[] = [];

  constructor(stream: RecordedKinesis, world: World, canFill = true) {
    this.#stream = stream;
    this.#world = world;
    const options = { table: "orders", keys: ["id"], hints: [], stream: "orders", canFill };
    const parts = { client: patientKinesis(stream, world), world, hints: new Map(), threads: new ScanThreads() };
    this.#channel = kinesisChannel(options, parts);
  }

  restart(): void {
    this.#memory = new KinesisMemory();
  }

  async follow(): Promise<void> {
    const last = this.#end === undefined ? undefined : ({ end: this.#end } as BatchManifest);
    const plan = await this.#channel.plan({ last, moved: this.#moved });
    this.problem = plan.problem?.code;
    this.notices.push(...plan.waiting.map(({ why }) => why));
    let next = plan.batches[0]?.start;
    while (next !== undefined) next = await this.#take(next);
  }

  async #take(start: string): Promise<string | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-kinesis-"));
    try {
      const reading = { client: patientKinesis(this.#stream, this.#world), world: this.#world, memory: this.#memory };
      const context = { world: this.#world, folder };
      const state = must(decodeKinesis(start), "a batch has a beginning");
      const read = await readKinesis(state, { ...reading, context, table: "orders", bytesMax: 2_000 });
      const events = linesOf(join(folder, read.spooled.path));
      const end = encodeKinesis(read.state);
      this.unreadable = [...this.unreadable, ...read.unreadable.map(({ file }) => file)];
      if (events.length === 0 && read.unreadable.length === 0) this.#moved = end;
      else {
        this.beforeCommit();
        // As Bronze does for a channel that repeats itself.
        const known = new Set(this.events.map(({ id }) => id));
        for (const event of events) {
          if (!known.has(event.id)) this.events.push(event);
          known.add(event.id);
        }
        this.#end = end;
        this.#moved = undefined;
        const batches = { first: 0, last: 0, count: 1, rows: 1, firstMs: 0, lastMs: 0 };
        this.#epochs.set(read.state.epoch, { epoch: read.state.epoch, end, batches });
      }
      return read.isDrained ? undefined : end;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** What the batches cover of the table's history. */
  ledger(): Ledger {
    const history = { epochs: [...this.#epochs.values()], moved: this.#moved };
    return ledgerOf([...(this.#channel.covered?.(history) ?? []), ...this.#snapshots], this.#world.nowMs());
  }

  /** The whole table at once, as soon as a snapshot may be made, once an epoch. */
  snapshot(): boolean {
    const { epoch, fromMs } = changesBeside(new Map([["kinesis", this.#moved ?? this.#end ?? "{}"]]), ["kinesis"]);
    if (fromMs === undefined || this.#world.nowMs() < fromMs || this.#snapshotEpoch === epoch) return false;
    this.#snapshotEpoch = epoch;
    const atMs = this.#world.nowMs();
    const time = new Date(atMs).toISOString();
    this.#snapshots.push({ channel: "scan", kind: "snapshot", title: "scan", epoch, fromMs: undefined, toMs: atMs, atMs, overlapMs: 0, batches: undefined }); // prettier-ignore
    const [row, end] = (["R", "T"] as const).map(
      (op) => snapshotConstants({ channel: "scan", time, epoch }, op).snapshot,
    );
    for (const [key, value] of this.#stream.items)
      this.events.push({ id: `scan/${epoch}/${key}`, op: "R", key, sequence: row?.sequence ?? "", value });
    this.events.push({
      id: `scan/${epoch}/T`,
      op: "T",
      key: undefined,
      sequence: end?.sequence ?? "",
      value: undefined,
    });
    return true;
  }
}

function linesOf(file: string): readonly Event[] {
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== ""); // prettier-ignore
  return lines.map((line): Event => {
    const { Stream, Keys, NewImage } = JSON.parse(line) as { Stream: { op: string; sequence: string; event: string }; Keys: { id: { S: string } }; NewImage?: { v: { N: string } } }; // prettier-ignore
    const key = Keys.id.S;
    return { id: `${Stream.event}${key}`, op: Stream.op, key, sequence: Stream.sequence, value: NewImage?.v.N };
  });
}

/** Changes that the ledger says are covered, and that are neither in the events nor older than a snapshot. */
export function wronglyClaimed({
  stream,
  followed,
}: {
  readonly stream: RecordedKinesis;
  readonly followed: FollowedKinesis;
}): readonly unknown[] {
  const ledger = followed.ledger();
  const { coveredToMs = -Infinity, spans, holes } = ledger;
  const read = new Set(followed.events.map(({ id }) => Number(id.split("/")[2])));
  const shownMs = Math.max(-Infinity, ...spans.map(({ atMs = -Infinity }) => atMs));
  const isForgotten = (atMs: number): boolean =>
    holes.some(({ kind, fromMs = 0, toMs }) => kind === "forgotten" && fromMs <= atMs && atMs < toMs);
  return stream.changes.flatMap(({ atMs, micros }) => {
    const isWithin = spans.some(({ kind, fromMs = 0, toMs = -Infinity }) => kind === "changes" && fromMs <= atMs && atMs < toMs); // prettier-ignore
    const isClaimed = atMs < coveredToMs || (isWithin && !isForgotten(atMs));
    return isClaimed && atMs >= shownMs && !read.has(micros) ? [{ atMs, micros, ledger }] : [];
  });
}
