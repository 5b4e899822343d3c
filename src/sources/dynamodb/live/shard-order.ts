import type { ShardFacts, StreamFacts, TableFacts } from "./table-client.ts";
import { KEPT_MS, MARGIN_MS, type ShardState, type StreamState } from "./stream-state.ts";

/** A listing of shards put together with what is known of them. */
export interface Listed {
  readonly state: StreamState;
  /** Shards that may be read now: nothing that comes before them is unread. */
  readonly readable: readonly ShardFacts[];
  /** Shards that wait for the one before them. */
  readonly waiting: number;
  /** What is gone unread, for people; empty: nothing. */
  readonly lost: readonly string[];
}

/** The memory of a stream that nobody has looked at yet. */
export function firstState(
  stream: StreamFacts,
  { table, epoch, nowMs }: { readonly table: TableFacts; readonly epoch: number; readonly nowMs: number },
): StreamState {
  const { arn, createdMs } = stream;
  const sinceMs = Math.max(createdMs, nowMs - KEPT_MS);
  const { id: tableId, createdMs: tableCreatedMs } = table;
  const known = { format: 1, tableId, epoch, streamArn: arn, createdMs, tableCreatedMs } as const;
  return { ...known, sinceMs, lookedMs: nowMs, polledMs: nowMs, shards: {} };
}

/**
 * Which shards may be read: a shard holds what happened to its keys after all of the shard before it, so that one comes first
 * (AWS, "DynamoDB Streams", shards and their lineage). Shards that are no longer listed are forgotten; one that was not read to its end, or
 * came and went between two looks, took records with it.
 */
export function listed(before: StreamState, stream: StreamFacts, nowMs: number): Listed {
  const byId = new Map(stream.shards.map((shard) => [shard.id, shard]));
  const lost: string[] = [];
  for (const [id, shard] of Object.entries(before.shards)) {
    if (!byId.has(id) && !mayBeForgotten(shard, nowMs))
      lost.push(`shard ${id} behind ${shard.after ?? "its beginning"}`);
  }
  const isFirstLook = Object.keys(before.shards).length === 0;
  const unreadMs = nowMs - before.polledMs;
  // An open shard says nothing of what it has forgotten.
  if (!isFirstLook && unreadMs > KEPT_MS - MARGIN_MS)
    lost.push(`what is older than a day: nobody looked for ${hours(unreadMs)}`);
  const shards: Record<string, ShardState> = {};
  const visit = (shard: ShardFacts): ShardState => {
    const seen = shards[shard.id];
    if (seen !== undefined) return seen;
    const own = before.shards[shard.id] ?? { seconds: 0, sinceMs: isFirstLook ? before.sinceMs : before.polledMs };
    // Set first: a listing that goes in circles must not.
    shards[shard.id] = own;
    const above = shard.parent === undefined ? undefined : byId.get(shard.parent);
    const { seconds } = above === undefined ? (before.shards[shard.parent ?? ""] ?? own) : visit(above);
    const state = { ...own, seconds: Math.max(own.seconds, seconds) };
    shards[shard.id] = state;
    return state;
  };
  for (const shard of stream.shards) {
    visit(shard);
    if (!isFirstLook && isOrphan(shard, before, byId)) lost.push(`shard ${shard.parent} before ${shard.id}`);
  }
  const open = stream.shards.filter(({ id }) => shards[id]?.isDone !== true);
  const readable = open.filter(
    ({ parent }) => parent === undefined || !byId.has(parent) || shards[parent]?.isDone === true,
  );
  return { state: { ...before, polledMs: nowMs, shards }, readable, waiting: open.length - readable.length, lost };
}

/** A new shard whose parent came and went between two looks. */
function isOrphan({ id, parent }: ShardFacts, { shards }: StreamState, byId: ReadonlyMap<string, ShardFacts>): boolean {
  return shards[id] === undefined && parent !== undefined && !byId.has(parent) && shards[parent] === undefined;
}

function hours(ms: number): string {
  return `${Math.floor(ms / 3_600_000)} hours`;
}

/** Read to its end; or up to date when it was last looked at, less than a day ago: what came since cannot have been removed. */
function mayBeForgotten({ isDone, caughtUpMs }: ShardState, nowMs: number): boolean {
  return isDone === true || (caughtUpMs !== undefined && nowMs - caughtUpMs < KEPT_MS);
}
