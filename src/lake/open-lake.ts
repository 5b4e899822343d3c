import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, realWorld, type PrivateFolder, type World } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { BronzeDefinition, LakeDefinition, TableDefinition } from "../definition/index.ts";
import { duckdbEngine, lazyEngine, type Engine, type Row } from "../engine/index.ts";
import {
  checkPublished,
  publishes,
  rebuildSilver,
  refreshGold,
  type LakeTables,
  type LayerContext,
  type DriftReport,
  type PublishedDefinition,
  type ProgressEvent,
  type Reconciliation,
} from "../layers/index.ts";
import { recorded } from "../observability/index.ts";
import { bronzeOf, publishTables, runLake, type PublicationReport, type RunReport } from "../orchestration/index.ts";
import type { Source } from "../sources/index.ts";
import { pathFailure, processFolderPrefix, s3Root } from "../storage/index.ts";
import { lakeCoverage, type TableCoverage } from "./lake-coverage.ts";
import { lakeTables } from "./lake-tables.ts";
import { openSources } from "./open-source.ts";
import { storeOpener } from "./open-store.ts";
import { targetOpener } from "./open-target.ts";
import { prepareQuery } from "./query-lake.ts";
import { startTables, type StartRequest } from "./start-tables.ts";
import { reconcileAfter, reconcileLake, type ReconcileRequest } from "./reconcile-lake.ts";

export interface LakeOptions {
  readonly world?: World;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** A lake that can be worked on. Its engine starts at the first use and ends with it. */
export interface Lake extends AsyncDisposable {
  readonly definition: LakeDefinition;
  readonly engine: Engine;
  readonly tables: LakeTables;
  readonly world: World;
  /** Drains what is there, compares tables with their sources where that is due, and stops; `only` limits it to some tables. */
  run(options?: { readonly only?: readonly TableName[] }): Promise<RunReport>;
  /**
   * Keeps the lake fresh until the signal fires (the lake's own, or that of the options), everything open all the time. Resolves with the
   * tables that were given up, and why; before the signal only when all were. Fails with `usage.invalid` where a time is none.
   */
  start(options?: StartRequest): Promise<ReadonlyMap<TableName, SluiceError>>;
  /** Brings the newest versions of tables into the targets that they name; `only` limits it to some tables. */
  publish(options?: PublishRequest): Promise<readonly PublicationReport[]>;
  /** How a table's target differs from what was published; names at most `shownMax` keys. */
  checkPublished(table: TableName, options: CheckRequest): Promise<DriftReport>;
  /** Which part of its source's history each Bronze table has, and which it has not; `only` limits it to some tables. */
  coverage(options?: { readonly only?: readonly TableName[] }): Promise<readonly TableCoverage[]>;
  /** Compares what a source has at present with what the Bronze table has of it. */
  reconcile(table: TableName, options?: ReconcileRequest): Promise<Reconciliation>;
  /** Computes a Silver or Gold table anew; returns its new version. */
  rebuild(table: TableName): Promise<{ readonly version: number | undefined }>;
  /** Rows of a SELECT over the lake's tables, named `layer.name`; a Silver name means its live rows. */
  query(sql: string): AsyncIterable<readonly Row[]>;
  /** The source of a Bronze table. */
  source(definition: BronzeDefinition): Source;
  /** A table of the definition by its full name; fails with `table.missing`. */
  find(name: string): TableDefinition;
  /** What the layers work with, under a run identifier of its own. */
  context(): LayerContext;
}

export interface CheckRequest {
  readonly shownMax: number;
  /** Units of read capacity a second that reading the target may use; as many as it gives unless told. */
  readonly readCapacity?: number;
}

export interface PublishRequest {
  readonly only?: readonly TableName[];
  /** The lake becomes the publisher, whatever the target says. */
  readonly takesOver?: boolean;
  /** Target and table are compared, and what differs is written. */
  readonly repairs?: boolean;
}

export function openLake(definition: LakeDefinition, options: LakeOptions = {}): Lake {
  const world = options.world ?? realWorld();
  const engine = lakeEngine(definition, world);
  const openStore = storeOpener(world);
  const tables = lakeTables(definition, { world, openStore, checkpoints: engine.checkpoints });
  const context = (): LayerContext => ({
    engine,
    tables,
    world,
    run: newRunId(world),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const sources = openSources({ world, openStore, engine, system: () => tables.systemStore });
  const openTarget = targetOpener(definition.name, world, options.signal);
  const parts = {
    openSource: (bronze: BronzeDefinition) => sources.of(bronze),
    openFolder: async () => await openStageFolder(definition.engine.spill),
    openTarget,
  };
  const find = (name: string): TableDefinition => findTable(definition, name);
  const drain = async (only?: readonly TableName[]): Promise<RunReport> => {
    const work = context();
    const report = await runLake(work, definition, {
      ...parts,
      records: [tables.place("system", "runs")],
      ...(only === undefined ? {} : { only: new Set(only) }),
    });
    return await recorded(work, report);
  };
  const compared = { openFolder: parts.openFolder, drain };
  const lake: Lake = {
    definition,
    engine,
    tables,
    world,
    source: (bronze) => sources.of(bronze),
    find,
    context,
    run: async ({ only } = {}) => await reconcileAfter(lake, context(), await drain(only), { ...compared, only }),
    start: async (request = {}) =>
      await startTables(lake, request, { ...parts, signal: options.signal, newRun: () => newRunId(world) }),
    publish: async ({ only, ...request } = {}) => {
      const chosen = definition.tables.filter(({ name }) => only === undefined || only.includes(name));
      return await publishTables(context(), chosen, { lake: definition.name, openTarget, ...request });
    },
    checkPublished: async (name, request) =>
      await checkPublished(context(), published(find(name)), { ...request, openTarget }),
    coverage: async ({ only } = {}) => await lakeCoverage(lake, only === undefined ? undefined : new Set(only)),
    reconcile: async (name, request = {}) =>
      await reconcileLake(lake, context(), name, {
        ...request,
        openFolder: parts.openFolder,
        drain,
      }),
    rebuild: async (name) => await rebuild(context(), definition, find(name)),
    query: async function* (sql) {
      yield* engine.query((await prepareQuery(lake, sql)).relation);
    },
    [Symbol.asyncDispose]: async () => {
      sources[Symbol.dispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
  return lake;
}

/** Starts at its first use. */
function lakeEngine(definition: LakeDefinition, world: World): Engine {
  const { memoryBytes, threads, spill, httpfs } = definition.engine;
  return lazyEngine(
    async () =>
      await duckdbEngine({
        memoryBytes,
        threads,
        spillFolder: spill,
        folders: foldersOf(definition),
        s3Roots: s3RootsOf(definition),
        ...(httpfs === undefined ? {} : { httpfs }),
        world,
      }),
  );
}

/** What the engine may open on this machine. */
function foldersOf({ roots, engine }: LakeDefinition): readonly string[] {
  const folders = Object.values(roots).filter((root) => typeof root === "string");
  return [...new Set([...folders, engine.spill])];
}

/** What it may read in S3 by itself. */
function s3RootsOf({ roots }: LakeDefinition): readonly string[] {
  return Object.values(roots).flatMap((root) => (typeof root === "string" ? [] : [s3Root(root.url, root.folder)]));
}

/** Sorts by time and is unique: `20260102T030405Z-1a2b3c4d`. */
function newRunId(world: World): string {
  const stamp = new Date(world.nowMs()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `${stamp}-${world.uuid().slice(0, 8)}`;
}

function published(definition: TableDefinition): PublishedDefinition {
  if (publishes(definition)) return definition;
  throw new SluiceError("usage.invalid", `Cannot check what was published of ${definition.name}: it names no target`, {
    facts: { table: definition.name },
    advice: "Give the table a target: `publish: dynamodbTarget({ … })`.",
  });
}

async function openStageFolder(spill: string): Promise<PrivateFolder> {
  const path = await stageFolder(spill);
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

async function stageFolder(spill: string): Promise<string> {
  try {
    await mkdir(spill, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(spill, processFolderPrefix("stage")));
  } catch (error) {
    throw pathFailure(error, "make a folder for staged data", spill, SPILL_ADVICE);
  }
}

const SPILL_ADVICE =
  "Let this user write to the folder and free space on its device, or name another one in `engine.spill`.";

function findTable(definition: LakeDefinition, name: string): TableDefinition {
  const found = definition.tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  throw new SluiceError("table.missing", `Cannot find the table ${name}: the lake does not define it`, {
    facts: { table: name, tables: definition.tables.map((table) => table.name).join(", ") },
  });
}

async function rebuild(
  context: LayerContext,
  lake: LakeDefinition,
  definition: TableDefinition,
): Promise<{ version: number | undefined }> {
  switch (definition.layer) {
    case "bronze":
      throw new SluiceError("plan.refused", `Cannot rebuild ${definition.name}: Bronze is the record itself`, {
        facts: { table: definition.name },
        advice: "Rebuild the Silver and Gold tables that are made from it.",
      });
    case "silver":
      return await rebuildSilver(context, definition, bronzeOf(lake, definition));
    case "gold":
      return await refreshGold(context, definition, { force: true });
  }
}
