import {
  SluiceError,
  isFailure,
  jitteredDelayMs,
  type FailureCode,
  type JsonObject,
  type RetryPolicy,
  type World,
} from "../../base/index.ts";
import type { AddFile, CommitOutcome, ReadSet, RemoveFile, Snapshot, TxnClaim } from "../../delta/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { OpenTable, WriteMetrics, WriteOptions, WriteOutcome } from "../engine.ts";
import { discardDataFiles } from "./data-files.ts";
import { writeTarget, type WriteTarget } from "./write-target.ts";

/** What a verb has prepared for one commit. */
export interface PreparedWrite {
  /** Files that are in the store because of this write alone, data files and deletion vectors: gone when it does not happen. */
  readonly written: readonly string[];
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  readonly reads: ReadSet;
  readonly metrics: WriteMetrics;
}

export interface Verb {
  readonly operation: string;
  readonly operationParameters?: Readonly<Record<string, string>>;
  readonly replaceSchema?: StructType;
  /** Prepares the write on top of the target's snapshot; called again on a newer one after a conflict. */
  readonly prepare: (target: WriteTarget) => Promise<PreparedWrite>;
}

/** Every conflict means that somebody else got on; so many in a row are a table that is rewritten all the time. */
const CONFLICTS: RetryPolicy = { attemptsMax: 12, baseDelayMs: 20, maxDelayMs: 2_000 };

/**
 * Prepares and commits, anew on the newest snapshot after a conflict. Files of a write that is known not to have happened are
 * removed; after an unknown outcome they stay, since the commit may refer to them.
 */
export async function commitLoop(
  world: World,
  table: OpenTable,
  verb: Verb,
  options: WriteOptions,
): Promise<WriteOutcome> {
  let { snapshot } = table;
  for (let tried = 1; ; tried += 1) {
    const applied = alreadyApplied(snapshot, options.txns ?? []);
    if (applied !== undefined) return applied;
    const target = writeTarget(table, snapshot, { ...options, ...replacing(verb) }, world);
    const prepared = await verb.prepare(target);
    if (isNothing(target, prepared, options)) return { kind: "nothing", snapshot };
    const outcome = await commitOnce(table, verb, { target, prepared, options });
    if (outcome.kind === "committed") return { ...outcome, metrics: prepared.metrics };
    await discardDataFiles(
      table,
      prepared.written.map((path) => ({ path })),
    );
    if (outcome.kind === "already-applied") return outcome;
    if (tried >= CONFLICTS.attemptsMax) throw lostEveryTime(table, outcome, tried);
    snapshot = outcome.snapshot;
    await world.sleep(jitteredDelayMs(world, CONFLICTS, tried));
  }
}

function replacing(verb: Verb): { replaceSchema?: StructType } {
  return verb.replaceSchema === undefined ? {} : { replaceSchema: verb.replaceSchema };
}

/** Claims that are there already need no work at all; those that expect a version are judged by the commit. */
function alreadyApplied(snapshot: Snapshot | undefined, claims: readonly TxnClaim[]): WriteOutcome | undefined {
  if (snapshot === undefined) return undefined;
  const isApplied = claims.some(
    (claim) => claim.expected === undefined && (snapshot.txns.get(claim.appId)?.version ?? -1) >= claim.version,
  );
  return isApplied ? { kind: "already-applied", version: snapshot.version, snapshot } : undefined;
}

function isNothing(target: WriteTarget, prepared: PreparedWrite, options: WriteOptions): boolean {
  const changesFiles = prepared.adds.length > 0 || prepared.removes.length > 0;
  const changesTable = target.newMetadata !== undefined || target.newProtocol !== undefined;
  return !changesFiles && !changesTable && (options.txns ?? []).length === 0;
}

async function commitOnce(
  table: OpenTable,
  verb: Verb,
  { target, prepared, options }: { target: WriteTarget; prepared: PreparedWrite; options: WriteOptions },
): Promise<CommitOutcome> {
  const { newMetadata, newProtocol } = target;
  try {
    options.signal?.throwIfAborted();
    return await table.log.commit({
      base: target.snapshot,
      operation: verb.operation,
      operationParameters: { ...verb.operationParameters, ...options.operationParameters },
      operationMetrics: metricsJson(prepared.metrics),
      adds: prepared.adds,
      removes: prepared.removes,
      reads: prepared.reads,
      ...(newMetadata === undefined ? {} : { metadata: newMetadata }),
      ...(newProtocol === undefined ? {} : { protocol: newProtocol }),
      ...(options.txns === undefined ? {} : { txns: options.txns }),
    });
  } catch (error) {
    if (isKnownNotToHaveHappened(error)) {
      await discardDataFiles(
        table,
        prepared.written.map((path) => ({ path })),
      );
    }
    throw error;
  }
}

/** These are said before anything is published, or by a store that refused to. */
const REFUSALS: ReadonlySet<string> = new Set<FailureCode>([
  "table.superseded",
  "table.unsupported",
  "table.schema-mismatch",
  "storage.full",
  "storage.denied",
]);

function isKnownNotToHaveHappened(error: unknown): boolean {
  return isFailure(error) && REFUSALS.has(error.code);
}

function metricsJson(metrics: WriteMetrics): JsonObject {
  return {
    numOutputRows: metrics.rowsInserted + metrics.rowsUpdated,
    numTargetRowsInserted: metrics.rowsInserted,
    numTargetRowsUpdated: metrics.rowsUpdated,
    numTargetRowsDeleted: metrics.rowsDeleted,
    numFiles: metrics.filesAdded,
    numRemovedFiles: metrics.filesRemoved,
    numOutputBytes: metrics.bytesWritten,
  };
}

function lostEveryTime(
  table: OpenTable,
  outcome: Extract<CommitOutcome, { kind: "conflict" }>,
  tried: number,
): SluiceError {
  return new SluiceError(
    "table.conflict",
    `Cannot write to table ${table.name}: other writers were faster every time`,
    {
      facts: { attempts: tried, reason: outcome.reason, winner: outcome.winner },
    },
  );
}
