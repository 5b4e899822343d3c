import { SluiceError, jitteredDelayMs, type JsonObject } from "../../../base/index.ts";
import { isIntact, removeOf, type Clustering, type Snapshot } from "../../../delta/index.ts";
import type { OpenTable, OptimizeMetrics, OptimizeOptions } from "../../engine.ts";
import { CONFLICTS, isKnownNotToHaveHappened } from "../commit-loop.ts";
import type { EngineParts } from "../engine-parts.ts";
import { addMetrics, metricsOf } from "./optimize-metrics.ts";
import type { Rewritten } from "./rewrite-group.ts";

export interface RewriteCommit {
  readonly table: OpenTable;
  /** The newest version known. */
  readonly snapshot: Snapshot;
  /** The version whose files were rewritten: the new ones are of its schema. */
  readonly writtenOn: Snapshot;
  readonly rewritten: readonly Rewritten[];
  readonly options: OptimizeOptions;
  readonly clustering: Clustering | undefined;
}

export interface RewriteCommitted {
  readonly snapshot: Snapshot;
  /** undefined: nothing was left to commit. */
  readonly version: number | undefined;
  readonly metrics: OptimizeMetrics;
}

/**
 * Puts rewritten files in the place of theirs, those at least whose files are still what they were: what another writer has changed
 * meanwhile is left out, and its rewritten form is removed.
 */
export async function commitRewrite(parts: EngineParts, request: RewriteCommit): Promise<RewriteCommitted> {
  const { table, writtenOn, options, clustering } = request;
  const { world } = parts.database;
  let { snapshot } = request;
  let waiting = request.rewritten;
  let left = metricsOf([]);
  for (let tried = 1; ; tried += 1) {
    const isSame = hasSameLayout(snapshot, writtenOn);
    const intact = waiting.filter(({ group }) => isSame && isIntact(group, snapshot));
    const lost = waiting.filter((one) => !intact.includes(one));
    for (const { draft } of lost) await draft.discard();
    left = addMetrics(left, {
      ...metricsOf([]),
      filesLeft: lost.reduce((sum, one) => sum + one.group.files.length, 0),
    });
    waiting = intact;
    if (waiting.length === 0) return { snapshot, version: undefined, metrics: left };
    const metrics = metricsOf(waiting);
    const outcome = await commitOnce(table, { snapshot, waiting, metrics, options, clustering, nowMs: world.nowMs() });
    if (outcome.kind === "committed") {
      return { snapshot: outcome.snapshot, version: outcome.version, metrics: addMetrics(metrics, left) };
    }
    if (tried >= CONFLICTS.attemptsMax) {
      for (const { draft } of waiting) await draft.discard();
      const facts = { attempts: tried, reason: outcome.kind === "conflict" ? outcome.reason : outcome.kind };
      throw new SluiceError("table.conflict", `Cannot optimize table ${table.name}: other writers were faster`, {
        facts,
      });
    }
    snapshot = outcome.snapshot;
    await world.sleep(jitteredDelayMs(world, CONFLICTS, tried));
  }
}

async function commitOnce(
  table: OpenTable,
  {
    snapshot,
    waiting,
    metrics,
    options,
    clustering,
    nowMs,
  }: {
    snapshot: Snapshot;
    waiting: readonly Rewritten[];
    metrics: OptimizeMetrics;
    options: OptimizeOptions;
    clustering: Clustering | undefined;
    nowMs: number;
  },
): ReturnType<OpenTable["log"]["commit"]> {
  const files = waiting.flatMap(({ group }) => group.files.map((file) => snapshot.files.get(file.path) ?? file));
  try {
    return await table.log.commit({
      base: snapshot,
      operation: "OPTIMIZE",
      operationParameters: {
        predicate: "[]",
        zOrderBy: JSON.stringify(clustering?.columns ?? []),
        auto: String(options.auto !== undefined),
        ...options.operationParameters,
      },
      operationMetrics: metricsJson(metrics),
      adds: waiting.flatMap(({ adds }) => adds),
      removes: files.map((file) => removeOf(file, nowMs, { dataChange: false })),
      reads: { wholeTable: false, files: new Set(files.map((file) => file.path)) },
    });
  } catch (error) {
    if (isKnownNotToHaveHappened(error)) for (const { draft } of waiting) await draft.discard();
    throw error;
  }
}

/** New files are of the schema, partitioning and properties of then. */
function hasSameLayout(left: Snapshot, right: Snapshot): boolean {
  return left.metadata === right.metadata || layoutOf(left) === layoutOf(right);
}

function layoutOf({ metadata }: Snapshot): string {
  return JSON.stringify([metadata.schemaString, metadata.partitionColumns, metadata.configuration]);
}

/** The names that other engines use in their history. */
function metricsJson(metrics: OptimizeMetrics): JsonObject {
  return {
    numRemovedFiles: metrics.filesRemoved,
    numAddedFiles: metrics.filesAdded,
    numRemovedBytes: metrics.bytesRemoved,
    numAddedBytes: metrics.bytesAdded,
    numDeletionVectorsRemoved: metrics.vectorsFolded,
  };
}
