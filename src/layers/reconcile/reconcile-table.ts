import { must } from "../../base/index.ts";
import type { TableName } from "../../contract/index.ts";
import type { TableHead } from "../../delta/index.ts";
import { textOf, type Scratch } from "../../engine/index.ts";
import type { ContentsReading, SourceContents } from "../../sources/index.ts";
import { openNewest, placeOf, type LayerContext } from "../context.ts";
import { compareDigests } from "./compare-digests.ts";
import { decideKey, type Difference, type KeyVerdict } from "./decide-key.ts";
import { lakeRecords } from "./lake-records.ts";
import { liveDigests, sourceDigests } from "./row-digests.ts";
import type { SilverKeys } from "./silver-keys.ts";

export interface ReconcileOptions extends Pick<ContentsReading, "openFolder" | "limit"> {
  readonly contents: SourceContents;
  /** Takes in what the source has now; undefined where no channel brings what has changed. */
  readonly catchUp?: () => Promise<void>;
  /** Keys that are named at most. */
  readonly shownMax: number;
}

export interface DifferingKey extends Difference {
  readonly key: string;
}

/** How a source and what the lake has of it differ. */
export interface ReconcileReport {
  readonly table: TableName;
  readonly startedMs: number;
  readonly elapsedMs: number;
  /** The Bronze version that all records were compared with. */
  readonly version: number;
  /** `undecided`: some keys changed whenever they were looked at, or there were too many to look at each. */
  readonly verdict: "equal" | "different" | "undecided";
  readonly sourceRecords: number;
  readonly lakeRecords: number;
  readonly buckets: number;
  readonly bucketsDifferent: number;
  /** Keys that differed at first: most often because they changed meanwhile. */
  readonly candidates: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly moving: number;
  readonly unchecked: number;
  /** Whether what changed meanwhile was told apart: without a channel that brings changes nothing can. */
  readonly isCaughtUp: boolean;
  readonly keys: readonly DifferingKey[];
}

/** A comparison, and where the records are in the Silver tables that are made of them and have the source's keys. */
export interface Reconciliation extends ReconcileReport {
  readonly silver: readonly SilverKeys[];
}

/** Keys that are looked at one by one; with more than these the table differs as a whole. */
const CANDIDATES_MAX = 50_000;
/** Their records are held in memory. */
const KEYS_AT_ONCE = 2_000;
/** A key that changes again and again is left after so many readings. */
const ROUNDS = 4;
/** A stream shows a change a moment after the table does, now and then several seconds: a difference counts once it was seen behind both. */
const LAG_MS = [2_000, 10_000];

/**
 * Compares every record that a source has with the newest one that Bronze has of it, both without loss. The source is read whole, in a
 * budget; both sides become digests in the engine, so that memory stays bounded. Keys that differ are read once more, and what has come
 * since is taken in: only what differs still counts. Writes nothing.
 */
export async function reconcileTable(
  context: LayerContext,
  table: TableName,
  options: ReconcileOptions,
): Promise<ReconcileReport> {
  const { engine, world } = context;
  const { contents, catchUp, shownMax } = options;
  const startedMs = world.nowMs();
  const reading = readingOf(context, table, options);
  const place = placeOf(context, table);
  const before = must((await openNewest(place)).snapshot, "a table that is compared was loaded");
  await using source = new Scratches();
  for await (const staged of contents.read(before.metadata.schema, reading)) {
    source.add(await sourceDigests(engine, staged));
  }
  await catchUp?.();
  const bronze = await openNewest(place);
  const { version, metadata } = must(bronze.snapshot, "a table that is compared was loaded");
  await using lake = await liveDigests(engine, bronze, metadata.schema);
  await using compared = await compareDigests(engine, source.all, lake);
  const { differing, sourceRecords, lakeRecords: lakeCount, buckets, bucketsDifferent } = compared;
  const found = await engine.rows({
    sql: `SELECT _key FROM differing ORDER BY _key LIMIT ${CANDIDATES_MAX}`,
    inputs: { differing: { kind: "scratch", scratch: differing } },
  });
  const keys = found.map((row) => textOf(row, "_key"));
  const { differences, moving } = await settle(context, table, { ...options, reading, keys });
  const of = (what: Difference["what"]): number => differences.filter((one) => one.what === what).length;
  const unchecked = differing.rows - keys.length;
  return {
    table,
    startedMs,
    elapsedMs: world.nowMs() - startedMs,
    version,
    verdict: differences.length > 0 ? "different" : moving + unchecked > 0 ? "undecided" : "equal",
    sourceRecords,
    lakeRecords: lakeCount,
    buckets,
    bucketsDifferent,
    candidates: differing.rows,
    missing: of("missing"),
    extra: of("extra"),
    different: of("different"),
    moving,
    unchecked,
    isCaughtUp: catchUp !== undefined,
    keys: differences.slice(0, shownMax),
  };
}

function readingOf(
  { world, signal, onProgress }: LayerContext,
  table: TableName,
  { openFolder, limit }: ReconcileOptions,
): ContentsReading {
  return {
    world,
    openFolder,
    ...(limit === undefined ? {} : { limit }),
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ records, bytes }) => onProgress?.({ table, phase: "read", detail: "source", rows: records, bytes }),
  };
}

interface Settling extends ReconcileOptions {
  readonly reading: ContentsReading;
  readonly keys: readonly string[];
}

/** Looks at keys one by one until each is equal, is different twice, or changes too fast. */
async function settle(
  context: LayerContext,
  table: TableName,
  settling: Settling,
): Promise<{ readonly differences: readonly DifferingKey[]; readonly moving: number }> {
  const differences: DifferingKey[] = [];
  const roundsNeeded = settling.catchUp === undefined ? 1 : LAG_MS.length;
  const seen = new Map<string, number>();
  let left = settling.keys;
  for (let round = 0; round < ROUNDS && left.length > 0; round += 1) {
    const again: string[] = [];
    for (let start = 0; start < left.length; start += KEYS_AT_ONCE) {
      const some = left.slice(start, start + KEYS_AT_ONCE);
      const lagMs = LAG_MS[Math.min(round, LAG_MS.length - 1)] ?? 0;
      for (const [key, verdict] of await lookAt(context, table, { ...settling, keys: some, lagMs })) {
        const times = typeof verdict === "object" ? (seen.get(key) ?? 0) + 1 : 0;
        seen.set(key, times);
        if (typeof verdict === "object" && times >= roundsNeeded) differences.push({ key, ...verdict });
        else if (verdict !== "equal") again.push(key);
      }
    }
    left = again;
  }
  return { differences: differences.toSorted(byKey), moving: left.length };
}

async function lookAt(
  context: LayerContext,
  table: TableName,
  { contents, reading, catchUp, keys, lagMs }: Settling & { readonly lagMs: number },
): Promise<ReadonlyMap<string, KeyVerdict>> {
  const place = placeOf(context, table);
  const batchBefore = newestBatch(await place.log.head());
  const items = await contents.find(keys, reading);
  if (catchUp !== undefined) {
    await context.world.sleep(lagMs, context.signal);
    await catchUp();
  }
  const records = await lakeRecords(context.engine, await openNewest(place), { keys, contents });
  const nothing = { attributes: undefined, batch: -1 };
  return new Map(keys.map((key) => [key, decideKey(items.get(key), records.get(key) ?? nothing, batchBefore)]));
}

/** The newest batch that is in: batches of all channels are numbered together. */
function newestBatch(head: TableHead | undefined): number {
  const own = [...(head?.txns.values() ?? [])].filter(({ appId }) => appId.startsWith(`${head?.metadata.id}/`));
  return own.reduce((most, { version }) => Math.max(most, version), -1);
}

function byKey(left: DifferingKey, right: DifferingKey): number {
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

/** Digests of the batches read so far; gone together. */
class Scratches implements AsyncDisposable {
  readonly all: Scratch[] = [];

  add(scratch: Scratch): void {
    this.all.push(scratch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const scratch of this.all) await scratch[Symbol.asyncDispose]();
  }
}
