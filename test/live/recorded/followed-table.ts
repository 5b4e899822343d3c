import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, type World } from "../../../src/base/index.ts";
import type { BatchManifest, ItemFilter } from "../../../src/contract/index.ts";
import { ledgerOf, type Ledger } from "../../../src/layers/index.ts";
import type { Channel, ChannelEpoch, Pace, PlannedBatch, StageContext } from "../../../src/sources/index.ts";
import { ScanThreads } from "../../../src/sources/dynamodb/scan/scan-threads.ts";
import { patientClient } from "../../../src/sources/dynamodb/live/patient-client.ts";
import type { TableClient } from "../../../src/sources/dynamodb/live/table-client.ts";
import { SourceClock } from "../../../src/sources/dynamodb/live/source-clock.ts";
import { readPages } from "../../../src/sources/dynamodb/live/read-pages.ts";
import { readStream } from "../../../src/sources/dynamodb/live/read-stream.ts";
import { ShardMemory } from "../../../src/sources/dynamodb/live/shard-memory.ts";
import { scanChannel, type LiveNeeds } from "../../../src/sources/dynamodb/live/scan-channel.ts";
import { decodeScan, encodeScan, isWhole, type ScanState } from "../../../src/sources/dynamodb/live/scan-state.ts";
import { streamChannel, type StreamOptions } from "../../../src/sources/dynamodb/live/stream-channel.ts";
import { encodeStream } from "../../../src/sources/dynamodb/live/stream-state.ts";
import { snapshotConstants } from "../../../src/sources/dynamodb/snapshot-events.ts";

/** An event as Bronze has it. */
export interface Event {
  readonly id: string;
  readonly op: string;
  readonly key: string | undefined;
  readonly sequence: string;
  readonly value: string | undefined;
  /** What it says of an image that it does not have itself. */
  readonly image?: string | undefined;
}

interface Step {
  readonly name: "scan" | "stream";
  readonly events: readonly Event[];
  readonly end: string;
}

const OPTIONS = { table: "t", keys: ["id"], hints: [] };

/** Thrown where a test stops the process. */
export class Killed extends Error {}

/**
 * What the lake does with the channels of a table, without an engine: plans, reads, and commits events together with the position, or dies
 * before it. Events are those of the lines that the channels write for the scanner.
 */
export class FollowedTable {
  readonly events: Event[] = [];
  readonly notices: string[] = [];
  /** The stream's position at each commit. */
  readonly positions: string[] = [];
  problem: string | undefined;
  /** Why no Silver table can be made of it, by its code. */
  unfit: string | undefined;
  readonly #table: TableClient;
  readonly #world: World;
  #clock: SourceClock;
  #options: StreamOptions;
  #channels: Readonly<Record<"scan" | "stream", Channel>>;
  readonly #ends = new Map<string, string>();
  readonly #moved = new Map<string, string>();
  readonly #epochs = new Map<string, ChannelEpoch[]>();
  #memory = new ShardMemory();
  /** As a process that stays has it; undefined: each call reads what is there. */
  pace: Pick<Pace, "flushMs"> | undefined;
  #roundMs = 0;
  /** By so much the process's clock is ahead of the table's. */
  aheadMs = 0;
  /** Counts from the next start on. */
  filter: ItemFilter | undefined;
  /** Of a scan; counts from the next start on. */
  segments = 3;
  /** Asked before each commit; throws to die. */
  beforeCommit: () => void = () => undefined;
  /** Asked after each commit; throws where the process does not hear of it. */
  afterCommit: () => void = () => undefined;

  constructor(
    table: TableClient,
    world: World,
    { hasScan = true, fetchesItems = false }: { readonly hasScan?: boolean; readonly fetchesItems?: boolean } = {},
  ) {
    this.#world = { ...world, nowMs: () => world.nowMs() + this.aheadMs };
    this.#clock = new SourceClock(this.#world);
    this.#table = table;
    this.#options = { ...OPTIONS, hasScan, fetchesItems, streamBatchBytes: fetchesItems ? 40_000 : 900 };
    this.#channels = this.#open();
  }

  #open(): Readonly<Record<"scan" | "stream", Channel>> {
    const parts = { needs: this.#needs, hints: new Map(), threads: new ScanThreads() };
    return {
      stream: streamChannel({ ...this.#options, ...this.#filtered() }, parts, this.#memory),
      scan: scanChannel({ ...OPTIONS, segments: this.segments, hasStream: true, ...this.#filtered() }, parts),
    };
  }

  get #needs(): LiveNeeds {
    const { world } = this.#clock;
    const client = this.#clock.setBy(patientClient(this.#table, this.#world));
    return { client, impatient: this.#table, world, clock: this.#clock };
  }

  /** The definition has `fetchItems` from now on. */
  fetchItems(): void {
    this.#options = { ...this.#options, fetchesItems: true };
    this.restart();
  }

  /** A process that starts anew knows only what was committed. */
  restart(): void {
    this.#memory = new ShardMemory();
    this.#clock = new SourceClock(this.#world);
    this.#channels = this.#open();
  }

  /** What the batches cover of the table's history. */
  ledger(nowMs: number): Ledger {
    const spans = (["scan", "stream"] as const).flatMap(
      (name) =>
        this.#channels[name].covered?.({ epochs: this.#epochs.get(name) ?? [], moved: this.#moved.get(name) }) ?? [],
    );
    return ledgerOf(spans, nowMs);
  }

  #remember(name: string, epoch: number, end: string): void {
    const epochs = this.#epochs.get(name) ?? [];
    const older = epochs.filter((one) => one.epoch !== epoch);
    const batches = { first: 0, last: 0, count: 1, rows: 1, firstMs: 0, lastMs: 0 };
    this.#epochs.set(name, [...older, { epoch, end, batches }]);
  }

  /** What a channel learnt without a record is lost. */
  forget(name: "scan" | "stream"): void {
    this.#moved.delete(name);
  }

  async follow(name: "scan" | "stream"): Promise<void> {
    this.#roundMs = this.#world.nowMs();
    const other = name === "scan" ? "stream" : "scan";
    const besides = this.#moved.get(other) ?? this.#ends.get(other);
    const end = this.#ends.get(name);
    const plan = await this.#channels[name].plan({
      last: end === undefined ? undefined : ({ end } as BatchManifest),
      moved: this.#moved.get(name),
      beside: new Map(besides === undefined ? [] : [[other, besides]]),
      ...this.#paced(),
    });
    this.problem = plan.problem?.code;
    if (name === "stream") this.unfit = plan.unfit?.code;
    this.notices.push(...plan.waiting.map(({ why }) => why));
    let next = plan.batches[0];
    while (next !== undefined) next = await this.#take(name, next);
  }

  #filtered(): { readonly filter?: ItemFilter } {
    return this.filter === undefined ? {} : { filter: this.filter };
  }

  #paced(): { readonly pace?: Pace } {
    return this.pace === undefined ? {} : { pace: { ...this.pace, roundMs: this.#roundMs } };
  }

  async #take(name: "scan" | "stream", batch: PlannedBatch): Promise<PlannedBatch | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-followed-"));
    try {
      const context = { world: this.#world, folder, ...this.#paced() };
      const { behind, ...step } = await (name === "scan" ? this.#scan(batch, context) : this.#stream(batch, context));
      if (step.events.length === 0) {
        this.#moved.set(name, step.end);
      } else {
        this.beforeCommit();
        this.events.push(...step.events);
        this.#ends.set(name, step.end);
        if (name === "stream") this.positions.push(step.end);
        this.#moved.delete(name);
        this.#remember(name, batch.epoch, step.end);
        this.afterCommit();
      }
      return behind === undefined ? undefined : { ...batch, start: behind };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #scan(batch: PlannedBatch, context: StageContext): Promise<Step & { behind?: string }> {
    const start = must(decodeScan(batch.start), "a scan begins somewhere");
    const options = { table: "t", keys: ["id"], hints: [], hasStream: true, batchBytes: 400, ...this.#filtered() };
    const { spooled, state } = await readPages(start, options, { ...this.#needs, context });
    const events = scannedEvents(readFileSync(join(context.folder, spooled.path)), state);
    return { name: "scan", events, end: encodeScan(state), ...(isWhole(state) ? {} : { behind: encodeScan(state) }) };
  }

  async #stream(batch: PlannedBatch, context: StageContext): Promise<Step & { behind?: string }> {
    const work = { batch, context, memory: this.#memory };
    const { spooled, state, isDrained } = await readStream(
      { ...this.#options, ...this.#filtered() },
      this.#needs,
      work,
    );
    const events = linesOf(readFileSync(join(context.folder, spooled.path))).map(
      ({ Stream, Keys, NewImage }): Event => {
        const key = Keys?.id.S;
        const { op = "", sequence = "", event = "", meta } = Stream ?? {};
        return { id: `${event}${key}`, op, key, sequence, value: NewImage?.v?.N, image: meta?.image };
      },
    );
    const end = encodeStream(state);
    return { name: "stream", events, end, ...(isDrained ? {} : { behind: end }) };
  }
}

interface Line {
  readonly Item?: Image;
  readonly Stream?: {
    readonly op: string;
    readonly sequence: string;
    readonly event: string;
    readonly meta: { readonly image?: string };
  };
  readonly Metadata?: { readonly WriteTimestampMicros: { readonly N: string } };
  readonly Keys?: Image;
  readonly OldImage?: Image;
  readonly NewImage?: Image;
}

interface Image {
  readonly id: { readonly S: string };
  readonly v?: { readonly N: string };
}

/** The records of a file as the channels spell them. */
export function linesOf(file: Uint8Array): readonly Line[] {
  return new TextDecoder()
    .decode(file)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/**
 * The table that events define: of each key the newest image, unless a delete or the highest `T` is above it. An event without an image
 * takes no part.
 */
export function stateOf(events: readonly Event[]): ReadonlyMap<string, string> {
  const newest = (of: readonly Event[]): Event | undefined =>
    of.reduce<Event | undefined>(
      (best, one) => (best === undefined || one.sequence > best.sequence ? one : best),
      undefined,
    );
  const truncate = newest(events.filter(({ op }) => op === "T"))?.sequence ?? "";
  const keys = new Set(events.flatMap(({ key }) => (key === undefined ? [] : [key])));
  const state = new Map<string, string>();
  for (const key of keys) {
    const isBare = ({ image = "fetched" }: Event): boolean => image !== "fetched";
    const last = newest(events.filter((event) => event.key === key && !isBare(event)));
    if (last !== undefined && last.op !== "D" && last.sequence > truncate) state.set(key, last.value ?? "");
  }
  return state;
}

/** Items of a scan as events, and the `T` that ends it. */
export function scannedEvents(file: Buffer, state: ScanState): readonly Event[] {
  const { time, epoch } = state;
  const snapshot = { channel: "scan", time, epoch } as const;
  const [row, truncate] = [snapshotConstants(snapshot, "R"), snapshotConstants(snapshot, "T")];
  const events = linesOf(file).map(({ Item }): Event => {
    const key = Item?.id.S;
    return { id: `${row.event}${key}`, op: "R", key, sequence: row.snapshot?.sequence ?? "", value: Item?.v?.N };
  });
  if (!isWhole(state)) return events;
  const sequence = truncate.snapshot?.sequence ?? "";
  return [...events, { id: truncate.event ?? "", op: "T", key: undefined, sequence, value: undefined }];
}
