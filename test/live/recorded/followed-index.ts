import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must, type World } from "../../../src/base/index.ts";
import type { BatchManifest, ItemFilter } from "../../../src/contract/index.ts";
import { ledgerOf, type Ledger } from "../../../src/layers/index.ts";
import type { Channel, ChannelEpoch, PlannedBatch } from "../../../src/sources/index.ts";
import { incrementChannel } from "../../../src/sources/dynamodb/increments/increment-channel.ts";
import { encodeIncrements } from "../../../src/sources/dynamodb/increments/increment-state.ts";
import { readRound } from "../../../src/sources/dynamodb/increments/read-round.ts";
import { readPages } from "../../../src/sources/dynamodb/live/read-pages.ts";
import { scanChannel } from "../../../src/sources/dynamodb/live/scan-channel.ts";
import { decodeScan, encodeScan, isWhole } from "../../../src/sources/dynamodb/live/scan-state.ts";
import { ScanThreads } from "../../../src/sources/dynamodb/scan/scan-threads.ts";
import { snapshotConstants } from "../../../src/sources/dynamodb/snapshot-events.ts";
import { linesOf, type Event } from "./followed-table.ts";
import type { IndexedTable } from "./indexed-table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export const OPTIONS = {
  table: "t",
  keys: ["id"],
  hints: [],
  index: "changed",
  attribute: "changed",
  partitions: ['{"S":"s0"}', '{"S":"s1"}'],
  overlapMs: 45 * MINUTE_MS,
  batchBytes: 400,
} as const;

/** What the lake does with both channels, without an engine: what comes again within a day is known by its name. */
export class FollowedIndex {
  readonly events: Event[] = [];
  readonly notices: string[] = [];
  repeated = 0;
  filter: ItemFilter | undefined;
  everyMs = 2 * HOUR_MS;
  /** What is read beside the scan. */
  changes: readonly string[] = ["incremental"];
  readonly #table: IndexedTable;
  readonly #memory = new Map<string, { end?: string; moved?: string }>();
  readonly #epochs = new Map<string, Map<number, ChannelEpoch>>();
  beforeCommit: () => void = () => undefined;

  constructor(table: IndexedTable) {
    this.#table = table;
  }

  get #options() {
    return { ...OPTIONS, hasScan: true, ...(this.filter === undefined ? {} : { filter: this.filter }) };
  }

  get #parts() {
    const { world, client, index } = this.#table;
    return { client: index, needs: { client, world }, hints: new Map(), threads: new ScanThreads() };
  }

  #channel(name: "incremental" | "scan"): Channel {
    if (name === "incremental") return incrementChannel(this.#options, this.#parts);
    const own = { hasStream: false, changes: this.changes, everyMs: this.everyMs, segments: 2 };
    return scanChannel({ ...this.#options, ...own }, this.#parts);
  }

  /** What the batches cover of the table's history. */
  ledger(): Ledger {
    const spans = (["incremental", "scan"] as const).flatMap((name) => {
      const history = { epochs: [...(this.#epochs.get(name)?.values() ?? [])], moved: this.#memory.get(name)?.moved };
      return this.#channel(name).covered?.(history) ?? [];
    });
    return ledgerOf(spans, this.#table.world.nowMs());
  }

  async follow(name: "incremental" | "scan"): Promise<void> {
    const channel = this.#channel(name);
    const { end, moved } = this.#memory.get(name) ?? {};
    const beside = [...this.#memory].flatMap(([other, one]) =>
      other === name ? [] : [[other, one.moved ?? one.end ?? ""] as const],
    );
    const plan = await channel.plan({
      last: end === undefined ? undefined : ({ end } as BatchManifest),
      moved,
      beside: new Map(beside),
    });
    if (plan.problem !== undefined) throw plan.problem;
    this.notices.push(...plan.waiting.map(({ why }) => why));
    for (let next = plan.batches[0]; next !== undefined;) next = await this.#take(name, next);
  }

  async #take(name: "incremental" | "scan", batch: PlannedBatch): Promise<PlannedBatch | undefined> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-increments-"));
    try {
      const context = { world: this.#table.world, folder };
      const { events, end, behind } = await (name === "scan"
        ? this.#scan(batch, context)
        : this.#increment(batch, context));
      if (events.length === 0) {
        this.#memory.set(name, { ...this.#memory.get(name), moved: end });
      } else {
        this.beforeCommit();
        const known = new Set(this.events.map(({ id }) => id));
        this.repeated += events.filter(({ id }) => known.has(id)).length;
        this.events.push(...events.filter(({ id }) => !known.has(id)));
        this.#memory.set(name, { end });
        const nowMs = this.#table.world.nowMs();
        const batches = { first: 0, last: 0, count: 1, rows: 1, firstMs: nowMs, lastMs: nowMs };
        const epochs = this.#epochs.get(name) ?? new Map<number, ChannelEpoch>();
        this.#epochs.set(name, epochs.set(batch.epoch, { epoch: batch.epoch, end, batches }));
      }
      return behind;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #increment(batch: PlannedBatch, context: { world: World; folder: string }) {
    const { spooled, state, behind } = await readRound(this.#options, this.#parts, { batch, context });
    const events = linesOf(readFileSync(join(context.folder, spooled.path))).flatMap(
      ({ Stream, Keys, NewImage }): Event[] => {
        const { op, sequence, event, meta } = must(Stream, "a change has its place");
        const key = Keys?.id.S;
        // Without an image it takes no part in a row.
        return meta.image === "gone" || meta.image === "later" ? [] : [{ id: `${event}${key}`, op, key, sequence, value: NewImage?.v?.N, image: undefined }]; // prettier-ignore
      },
    );
    return { events, end: encodeIncrements(state), behind };
  }

  async #scan(batch: PlannedBatch, context: { world: World; folder: string }) {
    const start = must(decodeScan(batch.start), "a scan begins somewhere");
    const { client, world } = this.#table;
    const { spooled, state } = await readPages(
      start,
      { ...this.#options, hasStream: false },
      { client, world, context },
    );
    const snapshot = { channel: "scan", time: state.time, epoch: state.epoch } as const;
    const [row, truncate] = [snapshotConstants(snapshot, "R"), snapshotConstants(snapshot, "T")];
    const events = linesOf(readFileSync(join(context.folder, spooled.path))).map(({ Item }): Event => {
      const key = Item?.id.S;
      return {
        id: `${row.event}${key}`,
        op: "R",
        key,
        sequence: row.snapshot?.sequence ?? "",
        value: Item?.v?.N,
        image: undefined,
      };
    });
    const sequence = truncate.snapshot?.sequence ?? "";
    if (isWhole(state) && !isWhole(start))
      events.push({ id: truncate.event ?? "", op: "T", key: undefined, sequence, value: undefined, image: undefined });
    const end = encodeScan(state);
    return { events, end, behind: isWhole(state) ? undefined : { ...batch, start: end } };
  }
}
