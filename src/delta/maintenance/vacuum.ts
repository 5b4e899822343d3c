import { SluiceError, type World } from "../../base/index.ts";
import type { ObjectInfo, ObjectStore } from "../../storage/index.ts";
import type { DeltaLog } from "../delta-log.ts";
import { assertWritable } from "../features/support.ts";
import { tombstoneRetentionMs } from "../log/table-properties.ts";
import { physicalTable } from "../schema/column-mapping.ts";
import type { Snapshot } from "../snapshot.ts";
import { isHidden } from "./hidden-path.ts";
import { addNeededBetween, neededFiles } from "./needed-files.ts";

export interface VacuumTable {
  /** For messages. */
  readonly name: string;
  readonly store: ObjectStore;
  readonly log: DeltaLog;
  readonly world: World;
}

export interface VacuumOptions {
  /** Files that left the table, or that no commit names, at least so long ago: `delta.deletedFileRetentionDuration`, else a week. */
  readonly retentionMs?: number;
  /** Also a retention shorter than the table's own, which takes files from under readers and writers that are at work. */
  readonly allowShortRetention?: boolean;
  /** Somebody has yet to read the versions after this one, one by one: the files of their changes stay. */
  readonly keepAfterVersion?: number;
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: {
    readonly listed: number;
    readonly removed: number;
    readonly toRemove: number;
  }) => void;
  readonly signal?: AbortSignal;
}

export interface VacuumReport {
  /** The version that was looked at. */
  readonly version: number;
  readonly isDryRun: boolean;
  /** What left the table after this moment stays. */
  readonly cutoffMs: number;
  readonly removed: readonly ObjectInfo[];
  readonly removedBytes: number;
  /** Files that no version needs and that are too young to tell from those of a writer at work. */
  readonly youngFiles: number;
}

/** A request of an object store takes that many at most. */
const REMOVED_AT_ONCE = 1000;

/**
 * Removes the files of a table that nobody needs any more. What stays: files of the newest version, those that left it within the
 * retention, deletion vectors of either, everything younger than the retention (a writer at work may be about to commit it), and
 * hidden folders. The log is listed by nobody here and stays as it is.
 */
export async function vacuum(table: VacuumTable, options: VacuumOptions = {}): Promise<VacuumReport> {
  const first = await newest(table);
  const retentionMs = retentionOf(table, first, options);
  // A clock that was set back must not keep everything for ever; one that the last commit has seen is true enough.
  const cutoffMs = Math.max(table.world.nowMs(), first.timestampMs) - retentionMs;
  const neededFirst = neededFiles(first, table.store, cutoffMs);
  const { unneeded, youngFiles } = await listUnneeded(table, {
    snapshot: first,
    needed: neededFirst,
    cutoffMs,
    options,
  });
  // Once more on what was committed during the listing.
  const last = await newest(table);
  const needed = last === first ? neededFirst : neededFiles(last, table.store, cutoffMs);
  await addOlderNeeds(needed, table, { snapshot: last, retentionMs, cutoffMs, options });
  const removed = unneeded.filter(({ path }) => !needed.has(path));
  if (options.dryRun !== true) await remove(table, removed, options);
  return {
    version: last.version,
    isDryRun: options.dryRun === true,
    cutoffMs,
    removed,
    removedBytes: removed.reduce((sum, info) => sum + info.sizeBytes, 0),
    youngFiles,
  };
}

async function newest(table: VacuumTable): Promise<Snapshot> {
  const snapshot = await table.log.latest();
  if (snapshot === undefined) throw new SluiceError("table.missing", `Cannot vacuum ${table.name}: there is no table`);
  // Also for what asks for it by name (vacuumProtocolCheck): what is not understood may keep files that look unneeded.
  assertWritable(snapshot.protocol, snapshot.metadata, table.name);
  return snapshot;
}

function retentionOf(table: VacuumTable, snapshot: Snapshot, options: VacuumOptions): number {
  const ownMs = tombstoneRetentionMs(snapshot.metadata.configuration);
  const retentionMs = options.retentionMs ?? ownMs;
  if (retentionMs >= ownMs || options.allowShortRetention === true) return Math.max(0, retentionMs);
  throw new SluiceError("usage.invalid", `Cannot vacuum ${table.name}: the retention is shorter than the table's own`, {
    facts: { retentionHours: retentionMs / HOUR_MS, ownHours: ownMs / HOUR_MS },
    advice:
      "Readers of older versions and writers at work may need these files. If there are none, allow a short retention (`--allow-short-retention`).",
  });
}

const HOUR_MS = 3_600_000;

async function listUnneeded(
  table: VacuumTable,
  request: { snapshot: Snapshot; needed: ReadonlySet<string>; cutoffMs: number; options: VacuumOptions },
): Promise<{ unneeded: readonly ObjectInfo[]; youngFiles: number }> {
  const { snapshot, needed, cutoffMs, options } = request;
  // Folders may be called by either name of a column.
  const { metadata } = snapshot;
  const partitions = [...metadata.partitionColumns, ...physicalTable(metadata).partitionColumns];
  const unneeded: ObjectInfo[] = [];
  let youngFiles = 0;
  let listed = 0;
  for await (const info of table.store.list("")) {
    listed += 1;
    if (listed % REMOVED_AT_ONCE === 0) {
      stopIfAsked(table, options);
      options.onProgress?.({ listed, removed: 0, toRemove: unneeded.length });
    }
    if (needed.has(info.path) || isHidden(info.path, partitions)) continue;
    if (info.modifiedMs >= cutoffMs) youngFiles += 1;
    else unneeded.push(info);
  }
  return { unneeded, youngFiles };
}

/** What the newest version's tombstones do not tell: they are kept as long as the table says, and readers may be further behind. */
async function addOlderNeeds(
  needed: Set<string>,
  table: VacuumTable,
  request: { snapshot: Snapshot; retentionMs: number; cutoffMs: number; options: VacuumOptions },
): Promise<void> {
  const { snapshot, retentionMs, cutoffMs, options } = request;
  const to = snapshot.version;
  if (options.keepAfterVersion !== undefined) {
    await addNeededBetween(needed, table, { from: options.keepAfterVersion + 1, to, files: "changes" });
  }
  if (retentionMs <= tombstoneRetentionMs(snapshot.metadata.configuration)) return;
  let from = to + 1;
  for await (const { version, timestampMs } of table.log.history()) {
    if (timestampMs < cutoffMs) break;
    from = Math.min(from, version);
  }
  await addNeededBetween(needed, table, { from, to, files: "all" });
}

async function remove(table: VacuumTable, unneeded: readonly ObjectInfo[], options: VacuumOptions): Promise<void> {
  for (let start = 0; start < unneeded.length; start += REMOVED_AT_ONCE) {
    stopIfAsked(table, options);
    await table.store.remove(unneeded.slice(start, start + REMOVED_AT_ONCE).map(({ path }) => path));
    const removed = Math.min(unneeded.length, start + REMOVED_AT_ONCE);
    options.onProgress?.({ listed: 0, removed, toRemove: unneeded.length });
  }
}

function stopIfAsked(table: VacuumTable, { signal }: VacuumOptions): void {
  if (signal?.aborted !== true) return;
  throw new SluiceError("run.interrupted", `Cannot vacuum ${table.name}: it was interrupted`);
}
