import { SluiceError } from "../../../base/index.ts";
import {
  assertWritable,
  checkClustering,
  clusteringOf,
  fileBytesFor,
  filesFor,
  isIntact,
  planAutoCompaction,
  planClustering,
  planOptimize,
  targetBytesOf,
  type Clustering,
  type OptimizeLimits,
  type RewriteGroup,
  type Snapshot,
} from "../../../delta/index.ts";
import type { OpenTable, OptimizeMetrics, OptimizeOptions, OptimizeOutcome } from "../../engine.ts";
import { coverage } from "../coverage.ts";
import { interrupted } from "../engine-failure.ts";
import type { EngineParts } from "../engine-parts.ts";
import { commitRewrite } from "./commit-rewrite.ts";
import { addMetrics, metricsOf } from "./optimize-metrics.ts";
import { rewriteGroup, type Rewritten } from "./rewrite-group.ts";

/** Bytes rewritten in one commit: what an interruption or a changed schema can cost. */
const COMMIT_BYTES = 4 * 2 ** 30;

/** Rewrites small files into large ones and folds deletion vectors; the plan is made once, so that it ends. */
export async function optimize(
  parts: EngineParts,
  table: OpenTable,
  options: OptimizeOptions = {},
): Promise<OptimizeOutcome> {
  const { snapshot } = table;
  if (snapshot === undefined) {
    throw new SluiceError("table.missing", `Cannot optimize table ${table.name}: there is none`);
  }
  // Before any file is written, not only when the commit is made.
  assertWritable(snapshot.protocol, snapshot.metadata, table.name);
  const clustering = clusteringWanted(table, snapshot, options);
  const groups = planGroups(table, { snapshot, options, clustering });
  if (options.dryRun === true) return planned(groups, { snapshot, options, clustering });
  return await rewriteAll(parts, { table, snapshot, groups, options, clustering });
}

/** What the caller says, else what the table does. Small files are put together without: sorting is for when there is time. */
function clusteringWanted(table: OpenTable, snapshot: Snapshot, options: OptimizeOptions): Clustering | undefined {
  if (options.auto !== undefined) return undefined;
  const { clusterBy, curve = "hilbert" } = options;
  const clustering = clusterBy === undefined ? clusteringOf(snapshot) : { columns: clusterBy, curve };
  if (clustering !== undefined) checkClustering(snapshot, clustering, table.name);
  return clustering;
}

type Wanted = Pick<Work, "snapshot" | "options" | "clustering">;

function planGroups(table: OpenTable, { snapshot, options, clustering }: Wanted): readonly RewriteGroup[] {
  if (options.auto !== undefined) return planAutoCompaction(snapshot, options.auto);
  const limits = limitsOf(table, snapshot, options);
  return clustering === undefined ? planOptimize(snapshot, limits) : planClustering(snapshot, clustering, limits);
}

function planned(groups: readonly RewriteGroup[], { snapshot, options, clustering }: Wanted): OptimizeOutcome {
  const metrics = metricsOf(groups.map((group) => ({ group, adds: [] })));
  if (groups.length === 0) return { kind: "nothing", snapshot, metrics };
  const targetBytes = clustering === undefined ? Infinity : targetBytesOf(snapshot, options);
  const filesAdded = groups.reduce((sum, group) => sum + filesFor(group, targetBytes), 0);
  return { kind: "planned", snapshot, metrics: { ...metrics, filesAdded } };
}

function limitsOf(table: OpenTable, snapshot: Snapshot, options: OptimizeOptions): OptimizeLimits {
  const { targetBytes, deletedShareMax, partitions } = options;
  const covers = coverage(table, snapshot.metadata, partitions);
  return {
    ...(targetBytes === undefined ? {} : { targetBytes }),
    ...(deletedShareMax === undefined ? {} : { deletedShareMax }),
    ...(covers === undefined ? {} : { covers }),
  };
}

interface Work {
  readonly table: OpenTable;
  readonly snapshot: Snapshot;
  readonly groups: readonly RewriteGroup[];
  readonly options: OptimizeOptions;
  readonly clustering: Clustering | undefined;
}

async function rewriteAll(parts: EngineParts, work: Work): Promise<OptimizeOutcome> {
  const { table, options } = work;
  const counter = progressCounter(work);
  let { snapshot } = work;
  let metrics: OptimizeMetrics = metricsOf([]);
  let version: number | undefined;
  let commits = 0;
  for (const batch of batches(work.groups)) {
    const rewritten = await rewriteBatch(parts, { ...work, newest: snapshot }, { batch, counter });
    const filesLeft = filesIn(batch) - filesIn(rewritten.map(({ group }) => group));
    const request = { table, snapshot, writtenOn: work.snapshot, rewritten, options, clustering: work.clustering };
    const committed = await commitRewrite(parts, request);
    ({ snapshot } = committed);
    metrics = addMetrics(addMetrics(metrics, committed.metrics), { ...metricsOf([]), filesLeft });
    if (committed.version === undefined) continue;
    ({ version } = committed);
    commits += 1;
  }
  if (version === undefined) return { kind: "nothing", snapshot, metrics };
  return { kind: "committed", version, commits, snapshot, metrics };
}

async function rewriteBatch(
  parts: EngineParts,
  { table, snapshot, newest, options, clustering }: Work & { newest: Snapshot },
  { batch, counter }: { batch: readonly RewriteGroup[]; counter: (group: RewriteGroup) => void },
): Promise<readonly Rewritten[]> {
  const { signal } = options;
  const rewritten: Rewritten[] = [];
  try {
    for (const group of batch) {
      if (signal?.aborted === true) throw interrupted({ what: `optimize table ${table.name}` });
      // An earlier commit of ours has shown that somebody else was here.
      const clustered =
        clustering === undefined
          ? undefined
          : { by: clustering, fileBytes: fileBytesFor(group, snapshot, limitsOf(table, snapshot, options)) };
      if (isIntact(group, newest))
        rewritten.push(await rewriteGroup(parts, { table, snapshot, signal, clustered }, group));
      counter(group);
    }
    return rewritten;
  } catch (error) {
    for (const { draft } of rewritten) await draft.discard();
    throw error;
  }
}

function* batches(groups: readonly RewriteGroup[]): Generator<readonly RewriteGroup[]> {
  let batch: RewriteGroup[] = [];
  let batchBytes = 0;
  for (const group of groups) {
    batch.push(group);
    batchBytes += group.sizeBytes;
    if (batchBytes < COMMIT_BYTES) continue;
    yield batch;
    batch = [];
    batchBytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function progressCounter({ groups, options }: Work): (group: RewriteGroup) => void {
  const ofFiles = filesIn(groups);
  const ofBytes = groups.reduce((sum, group) => sum + group.sizeBytes, 0);
  let files = 0;
  let bytes = 0;
  return (group) => {
    files += group.files.length;
    bytes += group.sizeBytes;
    options.onProgress?.({ files, ofFiles, bytes, ofBytes });
  };
}

function filesIn(groups: readonly RewriteGroup[]): number {
  return groups.reduce((sum, group) => sum + group.files.length, 0);
}
