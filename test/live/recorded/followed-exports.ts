import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { must, type World } from "../../../src/base/index.ts";
import { EXPORT_SHIFT_MICROS, RANK, encodeSequence, type BatchManifest } from "../../../src/contract/index.ts";
import type { Channel, PlannedBatch, PlannedFile, StageContext } from "../../../src/sources/index.ts";
import { exportChannels } from "../../../src/sources/dynamodb/export-channels.ts";
import { kinesisChannel } from "../../../src/sources/dynamodb/kinesis/kinesis-channel.ts";
import type { KinesisClient } from "../../../src/sources/dynamodb/kinesis/kinesis-client.ts";
import { KinesisMemory } from "../../../src/sources/dynamodb/kinesis/kinesis-memory.ts";
import { decodeKinesis, encodeKinesis } from "../../../src/sources/dynamodb/kinesis/kinesis-state.ts";
import { patientKinesis } from "../../../src/sources/dynamodb/kinesis/patient-kinesis.ts";
import { readKinesis } from "../../../src/sources/dynamodb/kinesis/read-kinesis.ts";
import { patientClient } from "../../../src/sources/dynamodb/live/patient-client.ts";
import { readPages } from "../../../src/sources/dynamodb/live/read-pages.ts";
import { readStream } from "../../../src/sources/dynamodb/live/read-stream.ts";
import { scanChannel } from "../../../src/sources/dynamodb/live/scan-channel.ts";
import { decodeScan, encodeScan, isWhole } from "../../../src/sources/dynamodb/live/scan-state.ts";
import { ShardMemory } from "../../../src/sources/dynamodb/live/shard-memory.ts";
import { streamChannel } from "../../../src/sources/dynamodb/live/stream-channel.ts";
import { encodeStream } from "../../../src/sources/dynamodb/live/stream-state.ts";
import { decodeCoverage } from "../../../src/sources/dynamodb/plan/coverage.ts";
import { ScanThreads } from "../../../src/sources/dynamodb/scan/scan-threads.ts";
import { snapshotConstants } from "../../../src/sources/dynamodb/snapshot-events.ts";
import { localStore } from "../../../src/storage/index.ts";
import { linesOf, scannedEvents, type Event } from "./followed-table.ts";
import type { RecordedKinesis } from "./recorded-kinesis.ts";
import type { RecordedExports, RecoverableTable } from "./recorded-exports.ts";

const OPTIONS = { table: "t", keys: ["id"], hints: [] };
const HOUR_MS = 3_600_000;
const SETTINGS = { place: { bucket: "raw", prefix: "" }, everyMs: HOUR_MS };
const SCAN = { ...OPTIONS, segments: 3, batchBytes: 400 };

interface Step {
  readonly events: readonly Event[];
  readonly end: string;
  readonly behind?: string;
}

/**
 * What the lake does with a stream and the exports that are asked for beside it, without an engine: as `FollowedTable` does with a scan. The
 * definition may be another one from a start on.
 */
export class FollowedExports {
  readonly events: Event[] = [];
  problem: string | undefined;
  waiting: string[] = [];
  /** Whether the definition has the table's stream; from the next start on. */
  hasStream = true;
  /** Whether it has the Kinesis stream that the table sends its changes to. */
  hasKinesis = false;
  /** Whether it has a scan, which is repeated where it is alone, instead of exports. */
  hasScan = false;
  /** Asked before and after each thing that lasts; throws to die. */
  mayDie: () => void = () => undefined;
  readonly #table: RecoverableTable;
  readonly #exports: RecordedExports;
  readonly #world: World;
  readonly #folder: string;
  readonly #kinesis: RecordedKinesis | undefined;
  readonly #ends = new Map<string, string>();
  readonly #moved = new Map<string, string>();
  /** The newest batch of each channel. */
  readonly #newest = new Map<string, { readonly epoch: number; readonly createdMs: number }>();
  #memory = new ShardMemory();
  #kinesisMemory = new KinesisMemory();
  #channels: readonly Channel[] = [];

  constructor(
    table: RecoverableTable,
    exports: RecordedExports,
    { world, folder, kinesis }: { readonly world: World; readonly folder: string; readonly kinesis?: RecordedKinesis },
  ) {
    this.#table = table;
    this.#exports = exports;
    this.#world = world;
    this.#folder = folder;
    this.#kinesis = kinesis;
    this.restart();
  }

  /** A process that starts anew knows only what was committed. */
  restart(): void {
    const world = this.#world;
    const client = patientClient(this.#table, world);
    const shared = { hints: new Map(), threads: new ScanThreads() };
    this.#memory = new ShardMemory();
    this.#kinesisMemory = new KinesisMemory();
    const { hasScan } = this;
    const changes = [...(this.hasStream ? ["stream"] : []), ...(this.hasKinesis ? ["kinesis"] : [])];
    const beside = { hasStream: changes.length > 0, changes };
    const has = { hasScan, hasRequests: !hasScan, streamBatchBytes: 900 };
    const others = (own: string): readonly string[] => changes.filter((name) => name !== own);
    const stream = { ...OPTIONS, ...has, others: others("stream") };
    const kinesis = { ...OPTIONS, stream: "t", canFill: true, hasScan, others: others("kinesis") };
    const store = localStore(this.#folder, { world });
    const options = { ...OPTIONS, ...beside, requireFullExport: true, batchBytes: 2_000, requests: SETTINGS };
    const scan = { ...SCAN, ...beside, ...(beside.hasStream ? {} : { everyMs: HOUR_MS }) };
    this.#channels = [
      ...(this.hasKinesis ? [kinesisChannel(kinesis, { client: this.#kinesisClient, world, ...shared })] : []),
      ...(this.hasStream ? [streamChannel(stream, { needs: { client, world }, ...shared }, this.#memory)] : []),
      ...(hasScan
        ? [scanChannel(scan, { needs: { client, world }, ...shared })]
        : exportChannels(options, { world, store, client: this.#exports, ...shared })),
    ];
  }

  get #kinesisClient(): KinesisClient {
    return patientKinesis(must(this.#kinesis, "the table sends its changes to a stream"), this.#world);
  }

  /** What a channel learnt without a record is lost. */
  forget(name: string): void {
    this.#moved.delete(name);
  }

  async run(): Promise<void> {
    const live = this.#channels.filter(({ isLive }) => isLive === true);
    this.waiting = [];
    this.problem = undefined;
    for (const channel of [...live, ...this.#channels.filter((one) => one.isLive !== true), ...live])
      await this.#follow(channel);
  }

  async #follow(channel: Channel): Promise<void> {
    const end = this.#ends.get(channel.name);
    const names = new Set(this.#channels.map(({ name }) => name));
    names.delete(channel.name);
    const beside = new Map([...this.#ends, ...this.#moved].filter(([name]) => names.has(name)));
    const plan = await channel.plan({
      last: end === undefined ? undefined : ({ end } as BatchManifest),
      moved: this.#moved.get(channel.name),
      beside,
      newestEpoch: async () =>
        await Promise.resolve(Math.max(0, ...[...this.#newest.values()].map(({ epoch }) => epoch))),
      othersMs: async (own) => {
        const others = [...this.#newest].filter(([name]) => !own.includes(name)).map(([, { createdMs }]) => createdMs);
        return await Promise.resolve(others.length === 0 ? undefined : Math.max(...others));
      },
    });
    this.problem ??= plan.problem?.message;
    this.waiting.push(...plan.waiting.map(({ what, why }) => `${what}: ${why}`));
    const planned = [...plan.batches];
    for (let next = planned.shift(); next !== undefined;) {
      const behind = await this.#take(channel, next);
      next = behind === undefined ? planned.shift() : { ...next, start: behind };
    }
  }

  async #take(channel: Channel, batch: PlannedBatch): Promise<string | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-followed-"));
    try {
      const { events, end, behind } = await this.#read(channel, batch, folder);
      this.mayDie();
      if (batch.end === undefined && events.length === 0) this.#moved.set(channel.name, end);
      else {
        this.events.push(...events);
        this.#ends.set(channel.name, end);
        this.#newest.set(channel.name, { epoch: batch.epoch, createdMs: this.#world.nowMs() });
        this.#moved.delete(channel.name);
      }
      this.mayDie();
      return behind;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #read(channel: Channel, batch: PlannedBatch, folder: string): Promise<Step> {
    const context = { world: this.#world, folder };
    if (channel.name === "export") return { events: this.#exported(batch), end: must(batch.end, "it is planned") };
    if (channel.name === "stream") return await this.#stream(batch, folder);
    if (channel.name === "scan") return await this.#scan(batch, context);
    if (channel.name === "kinesis") return await this.#fromKinesis(batch, context);
    const { end } = await channel.stage(batch, undefined, context);
    return { events: [], end: must(end, "requests are remembered") };
  }

  async #stream(batch: PlannedBatch, folder: string): Promise<Step> {
    const world = this.#world;
    const client = patientClient(this.#table, world);
    const work = { batch, context: { world, folder }, memory: this.#memory };
    const options = { ...OPTIONS, hasScan: false, hasRequests: true, streamBatchBytes: 900 };
    const { spooled, state, isDrained } = await readStream(options, { client, world }, work);
    const end = encodeStream(state);
    return { events: changesIn(join(folder, spooled.path)), end, ...(isDrained ? {} : { behind: end }) };
  }

  async #fromKinesis(batch: PlannedBatch, context: StageContext): Promise<Step> {
    const start = must(decodeKinesis(batch.start), "a batch has a beginning");
    const reading = { client: this.#kinesisClient, world: this.#world, memory: this.#kinesisMemory, table: "orders" };
    const { spooled, state, isDrained, unreadable } = await readKinesis(start, {
      ...reading,
      context,
      bytesMax: 2_000,
    });
    if (unreadable.length > 0) throw new Error("a record of Kinesis cannot be read");
    // As Bronze does for a channel that repeats itself.
    const known = new Set(this.events.map(({ id }) => id));
    const events = changesIn(join(context.folder, spooled.path)).filter(({ id }) => !known.has(id) && known.add(id));
    const end = encodeKinesis(state);
    return { events, end, ...(isDrained ? {} : { behind: end }) };
  }

  async #scan(batch: PlannedBatch, context: StageContext): Promise<Step> {
    const client = patientClient(this.#table, this.#world);
    const start = must(decodeScan(batch.start), "a scan begins somewhere");
    const options = { ...SCAN, hasStream: true };
    const { spooled, state } = await readPages(start, options, { client, world: this.#world, context });
    const file = readFileSync(join(context.folder, spooled.path));
    const end = encodeScan(state);
    return { events: scannedEvents(file, state), end, ...(isWhole(state) ? {} : { behind: end }) };
  }

  #exported(batch: PlannedBatch): readonly Event[] {
    const before = decodeCoverage(batch.start);
    const after = must(decodeCoverage(batch.end), "exports end somewhere");
    const isSame = before?.epoch === after.epoch && before.tableId === after.tableId;
    const whole = after.snapshots.filter((time) => !isSame || !before.snapshots.includes(time));
    const ends = whole.map((time): Event => {
      const { event = "", snapshot } = snapshotConstants({ channel: "export", time, epoch: batch.epoch }, "T");
      return { id: event, op: "T", key: undefined, sequence: snapshot?.sequence ?? "", value: undefined };
    });
    return [...batch.files.flatMap((file) => this.#eventsOf(file, batch.epoch)), ...ends];
  }

  #eventsOf({ path, unit }: PlannedFile, epoch: number): readonly Event[] {
    const lines = linesOf(gunzipSync(readFileSync(join(this.#folder, path))));
    const time = String(unit["time"]);
    const { event, snapshot } =
      unit["kind"] === "full"
        ? snapshotConstants({ channel: "export", time, epoch }, "R")
        : { event: `export/${epoch}/${String(unit["from"])}..${String(unit["to"])}/`, snapshot: undefined };
    return lines.map(({ Item, Keys, NewImage, OldImage, Metadata }): Event => {
      const key = (Keys ?? Item)?.id.S;
      const value = (NewImage ?? Item)?.v?.N;
      const timeMicros = BigInt(Metadata?.WriteTimestampMicros.N ?? "0") - EXPORT_SHIFT_MICROS;
      const sequence = snapshot?.sequence ?? encodeSequence({ epoch, timeMicros, rank: RANK.window });
      const change = NewImage === undefined ? "D" : OldImage === undefined ? "I" : "U";
      return { id: `${event}${key}`, op: Item === undefined ? change : "R", key, sequence, value };
    });
  }
}

function changesIn(file: string): readonly Event[] {
  return linesOf(readFileSync(file)).map(({ Stream, Keys, NewImage }): Event => {
    const { op = "", sequence = "", event = "" } = Stream ?? {};
    return { id: `${event}${Keys?.id.S}`, op, key: Keys?.id.S, sequence, value: NewImage?.v?.N };
  });
}
