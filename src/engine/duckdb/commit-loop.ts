import {
  SluiceError,
  isFailure,
  jitteredDelayMs,
  type FailureCode,
  type JsonObject,
  type RetryPolicy,
  type World,
} from "../../base/index.ts";
import type {
  AddFile,
  ChangeFile,
  CommitOutcome,
  ReadSet,
  RemoveFile,
  Snapshot,
  TableMetadata,
  TxnClaim,
} from "../../delta/index.ts";
import type { StructType } from "../../contract/index.ts";
import type { OpenTable, WriteMetrics, WriteOptions, WriteOutcome } from "../engine.ts";
import { DraftFiles } from "./draft-files.ts";
import { interrupted } from "./engine-failure.ts";
import { metadataWith, writeTarget, type WriteTarget } from "./write-target.ts";

/** What a verb has prepared for one commit. */
export interface PreparedWrite {
  readonly adds: readonly AddFile[];
  readonly removes: readonly RemoveFile[];
  readonly changeFiles?: readonly ChangeFile[];
  readonly reads: ReadSet;
  readonly metrics: WriteMetrics;
  /** Identity columns that were given values, and for how many rows. */
  readonly identities?: { readonly columns: readonly string[]; readonly rows: number };
}

export interface Verb {
  readonly operation: string;
  readonly operationParameters?: Readonly<Record<string, string>>;
  readonly replaceSchema?: StructType;
  /** What else the commit makes of the table's metadata. */
  readonly change?: (metadata: TableMetadata) => TableMetadata;
  /** Columns that the table is clustered by from this commit on. */
  readonly clusterBy?: readonly (readonly string[])[];
  /** Prepares the write on top of the target's snapshot; called again on a newer one after a conflict. */
  readonly prepare: (target: WriteTarget, draft: DraftFiles) => Promise<PreparedWrite>;
}

/** Every conflict means that somebody else got on; so many in a row are a table that is rewritten all the time. */
export const CONFLICTS: RetryPolicy = { attemptsMax: 12, baseDelayMs: 20, maxDelayMs: 2_000 };

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
    const draft = new DraftFiles(table.store);
    const outcome = await writeOnce(table, verb, { target, draft, options });
    if (outcome.kind === "committed" || outcome.kind === "nothing") return outcome;
    await draft.discard();
    if (outcome.kind === "already-applied") return outcome;
    if (tried >= CONFLICTS.attemptsMax) throw lostEveryTime(table, outcome, tried);
    snapshot = outcome.snapshot;
    await world.sleep(jitteredDelayMs(world, CONFLICTS, tried));
  }
}

/** One try: until the commit begins every failure means that nothing happened, from then on only those that say so. */
async function writeOnce(
  table: OpenTable,
  verb: Verb,
  { target, draft, options }: { target: WriteTarget; draft: DraftFiles; options: WriteOptions },
): Promise<WriteOutcome | Extract<CommitOutcome, { kind: "conflict" }>> {
  let isCommitting = false;
  try {
    const prepared = await verb.prepare(target, draft);
    if (isNothing(target, prepared, options)) return { kind: "nothing", snapshot: target.snapshot };
    if (options.signal?.aborted === true) throw interrupted({ what: `write to table ${table.name}` });
    isCommitting = true;
    const outcome = await commit(table, verb, { target, prepared, options });
    return outcome.kind === "committed" ? { ...outcome, metrics: prepared.metrics } : outcome;
  } catch (error) {
    if (!isCommitting || isKnownNotToHaveHappened(error)) await draft.discard();
    throw error;
  }
}

function replacing({ replaceSchema, change, clusterBy }: Verb): Pick<Verb, "replaceSchema" | "change" | "clusterBy"> {
  return {
    ...(replaceSchema === undefined ? {} : { replaceSchema }),
    ...(change === undefined ? {} : { change }),
    ...(clusterBy === undefined ? {} : { clusterBy }),
  };
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
  const changesTable = [target.newMetadata, target.newProtocol, target.newDomains].some((one) => one !== undefined);
  return !changesFiles && !changesTable && (options.txns ?? []).length === 0;
}

async function commit(
  table: OpenTable,
  verb: Verb,
  { target, prepared, options }: { target: WriteTarget; prepared: PreparedWrite; options: WriteOptions },
): Promise<CommitOutcome> {
  const { newProtocol, newDomains } = target;
  const newMetadata = metadataWith(target, prepared.identities);
  return await table.log.commit({
    base: target.snapshot,
    operation: verb.operation,
    operationParameters: { ...verb.operationParameters, ...options.operationParameters },
    operationMetrics: metricsJson(prepared.metrics),
    adds: prepared.adds,
    removes: prepared.removes,
    reads: prepared.reads,
    ...(prepared.changeFiles === undefined ? {} : { changeFiles: prepared.changeFiles }),
    ...(newMetadata === undefined ? {} : { metadata: newMetadata }),
    ...(newProtocol === undefined ? {} : { protocol: newProtocol }),
    ...(newDomains === undefined ? {} : { domains: newDomains }),
    ...(options.txns === undefined ? {} : { txns: options.txns }),
  });
}

/** These are said before anything is published, or by a store that refused to. */
const REFUSALS: ReadonlySet<string> = new Set<FailureCode>([
  "table.superseded",
  "table.unsupported",
  "table.schema-mismatch",
  "storage.full",
  "storage.denied",
]);

/** Whether the failure of a commit means that nothing refers to its files. */
export function isKnownNotToHaveHappened(error: unknown): boolean {
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
