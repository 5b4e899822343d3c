import { SluiceError, must } from "../../base/index.ts";
import { CONTRACT_COLUMNS, struct, type BatchManifest, type StructType } from "../../contract/index.ts";
import type { BronzeDefinition } from "../../definition/index.ts";
import type { OpenTable, Relation } from "../../engine/index.ts";
import type { Channel, ChannelPlan, Notice, PlannedBatch, Source, StagedBatch } from "../../sources/index.ts";
import { openNewest, type LayerContext, type TablePlace } from "../context.ts";
import { meaningProperties } from "../table-meaning.ts";
import { batchLog, sameWork, type BatchLog } from "./batch-log.ts";
import { stageAhead, type PrivateFolder, type ReadyBatch } from "./stage-ahead.ts";
import { setAsideLines } from "./unreadable.ts";

export interface IngestOutcome {
  readonly batches: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly version: number | undefined;
  readonly waiting: readonly Notice[];
  readonly skipped: readonly Notice[];
  /** What stops the table now that everything before it is in. */
  readonly problem?: SluiceError;
}

export interface IngestOptions {
  /** For the files of one staged batch. */
  readonly openFolder: () => Promise<PrivateFolder>;
  /** Called once there is something to take in. */
  readonly onWork?: () => void;
}

/**
 * Takes everything that the source's channels have and Bronze has not, one batch a commit (DESIGN, "One data path"): stage,
 * unreadable lines to quarantine, manifest n, Bronze commit with `txn` = n refused unless the channel's is the batch before.
 */
export async function ingestBronze(
  context: LayerContext,
  definition: BronzeDefinition,
  source: Source,
  options: IngestOptions,
): Promise<IngestOutcome> {
  const name = definition.name.slice("bronze.".length);
  const place = context.tables.place("bronze", name);
  const log = batchLog(context.tables.systemStore, name);
  let outcome: IngestOutcome = { batches: 0, rows: 0, quarantined: 0, version: undefined, waiting: [], skipped: [] };
  for (const channel of source.channels) {
    const plan = await planChannel(place, log, channel);
    outcome = {
      ...outcome,
      waiting: [...outcome.waiting, ...plan.waiting],
      skipped: [...outcome.skipped, ...plan.skipped],
    };
    let { position } = plan;
    const work = { definition, channel, place, log };
    for await (const ready of readBatches(context, work, { batches: plan.batches, ...options })) {
      context.signal?.throwIfAborted();
      const done = await takeIn(context, { ...work, ...ready, position });
      outcome = {
        ...outcome,
        batches: outcome.batches + 1,
        rows: outcome.rows + done.rows,
        quarantined: outcome.quarantined + done.quarantined,
        version: done.version,
      };
      position = done.batch;
    }
    if (plan.problem !== undefined) return { ...outcome, problem: plan.problem };
  }
  return outcome;
}

/** A plan, and the channel's batch that it goes on from; -1 before the first. */
interface PlanFrom extends ChannelPlan {
  readonly position: number;
}

/** What a channel would do next; reads the table's head and the channel's newest manifest only. */
export async function planChannel(place: TablePlace, log: BatchLog, channel: Channel): Promise<PlanFrom> {
  const head = await place.log.head();
  const position = head?.txns.get(channelAppId(head.metadata.id, channel))?.version ?? -1;
  if (position < 0) await refuseForgotten(place, log, head?.version ?? -1);
  const last = position < 0 ? undefined : await log.read(position);
  return { ...(await channel.plan({ last })), position };
}

/** `txn` appId of a channel of a Bronze table. */
function channelAppId(tableId: string, channel: Channel): string {
  return `${tableId}/${channel.name}`;
}

/** A table that was written to and has no `txn` any more must not be filled again from the start (FAULTS F26). */
async function refuseForgotten(place: TablePlace, log: BatchLog, version: number): Promise<void> {
  if (version <= 0) return;
  const newest = await log.newest(-1);
  if (newest < 0) return;
  throw new SluiceError(
    "table.broken-invariant",
    `Cannot read into ${place.name}: its position is gone while batches exist`,
    {
      facts: { table: place.name, newestBatch: newest, version },
      advice:
        "Restore the table to a version that has the position, or remove the table and its batches to load it anew.",
    },
  );
}

interface TableWork {
  readonly definition: BronzeDefinition;
  readonly channel: Channel;
  readonly place: TablePlace;
  readonly log: BatchLog;
}

interface BatchWork extends TableWork, ReadyBatch {
  /** The channel's batch that this one was planned behind; -1 for none. */
  readonly position: number;
}

/** Reads what is planned, one batch ahead. The table is made before its first batch is read. */
async function* readBatches(
  context: LayerContext,
  { definition, channel, place }: TableWork,
  { batches, openFolder, onWork }: IngestOptions & { readonly batches: readonly PlannedBatch[] },
): AsyncGenerator<ReadyBatch> {
  if (batches.length === 0) return;
  onWork?.();
  const { snapshot } = await ensureTable(context, definition, place);
  yield* stageAhead({
    batches,
    known: snapshot?.metadata.schema,
    openFolder,
    stage: async (batch, known, { folder, signal }) =>
      await channel.stage(batch, known, {
        world: context.world,
        folder,
        signal: context.signal === undefined ? signal : AbortSignal.any([context.signal, signal]),
        onProgress: ({ records, bytes }) =>
          context.onProgress?.({ table: definition.name, phase: "read", detail: batch.title, rows: records, bytes }),
      }),
  });
}

async function takeIn(
  context: LayerContext,
  work: BatchWork,
): Promise<{ batch: number; rows: number; quarantined: number; version: number }> {
  const { definition, channel, batch, place, staged } = work;
  const table = await openNewest(place);
  refuseOvertaken(work, table);
  const manifest = await publishManifest(context, work, table);
  const outcome = await context.engine.append(table, bronzeRows(context, staged, manifest.batch), {
    schema: staged.schema,
    txns: [{ appId: channelAppId(manifest.tableId, channel), version: manifest.batch, expected: manifest.before }],
    operationParameters: { batch: String(manifest.batch), channel: channel.name, run: context.run },
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  if (outcome.kind === "nothing") throw new SluiceError("internal.bug", "A Bronze commit with a txn cannot be nothing");
  context.onProgress?.({ table: definition.name, phase: "write", detail: batch.title, rows: staged.rows });
  return {
    batch: manifest.batch,
    rows: staged.rows,
    quarantined: staged.unreadable.length,
    version: outcome.version,
  };
}

/**
 * The batch was planned behind one position of the channel and must be committed behind that very one: where another process
 * has gone on since the plan was made, the same units may be in already.
 */
function refuseOvertaken({ definition, channel, batch, position }: BatchWork, table: OpenTable): void {
  const { before } = positionOf(table, channel);
  if (before === position) return;
  throw new SluiceError(
    "table.superseded",
    `Cannot take in ${batch.title}: another process has gone on since it was planned`,
    {
      facts: { table: definition.name, channel: channel.name, planned: position, found: before },
    },
  );
}

/** The table exists before its first batch, so that manifests can name its id. */
async function ensureTable(context: LayerContext, definition: BronzeDefinition, place: TablePlace): Promise<OpenTable> {
  const table = await openNewest(place);
  if (table.snapshot !== undefined) return table;
  await context.engine.append(
    table,
    { sql: "SELECT * FROM nothing", inputs: { nothing: { kind: "rows", schema: BRONZE_START, rows: [] } } },
    {
      create: {
        name: definition.name,
        ...(definition.meaning.description === undefined ? {} : { description: definition.meaning.description }),
        schema: BRONZE_START,
        partitionColumns: ["_ingestion_date"],
        properties: { ...meaningProperties(definition.meaning), ...definition.properties },
      },
    },
  );
  return await openNewest(place);
}

const BRONZE_START: StructType = struct(CONTRACT_COLUMNS);

/**
 * Writes the batch's manifest. A manifest that an earlier run wrote and never committed is taken over when it stands for the
 * very same work; else the next number is used and names it as skipped.
 */
async function publishManifest(context: LayerContext, work: BatchWork, table: OpenTable): Promise<BatchManifest> {
  const { staged } = work;
  const { tableId, before, committed } = positionOf(table, work.channel);
  await refuseTooManyUnreadable(context, work);
  for (let newest = await work.log.newest(committed); ; newest += 1) {
    const draft: BatchManifest = {
      format: 1,
      batch: newest,
      table: work.definition.name,
      tableId,
      channel: work.channel.name,
      before,
      epoch: work.batch.epoch,
      run: context.run,
      createdMs: context.world.nowMs(),
      start: work.batch.start,
      end: work.batch.end,
      files: staged.files,
      rows: staged.rows,
      skips: [],
    };
    const left = newest > committed ? await work.log.find(newest) : undefined;
    if (left !== undefined && sameWork(left, draft)) return left;
    const skips = left === undefined ? [] : range(committed + 1, newest);
    const manifest = { ...draft, batch: newest + 1, skips };
    if ((await work.log.create(manifest)) === "created") return manifest;
  }
}

/** Where the channel and the table's counter of batches are; -1 before the first. */
function positionOf(table: OpenTable, channel: Channel): { tableId: string; before: number; committed: number } {
  const { metadata, txns } = must(table.snapshot, "a Bronze table is made before its first batch");
  const own = [...txns.values()].filter((txn) => txn.appId.startsWith(`${metadata.id}/`));
  return {
    tableId: metadata.id,
    before: txns.get(channelAppId(metadata.id, channel))?.version ?? -1,
    committed: own.reduce((highest, txn) => Math.max(highest, txn.version), -1),
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

async function refuseTooManyUnreadable(context: LayerContext, work: BatchWork): Promise<void> {
  const { staged } = work;
  if (staged.unreadable.length === 0) return;
  const { name, unreadableAtMost } = work.definition;
  await setAsideLines(context, name, staged.unreadable);
  const lines = staged.files.reduce((sum, file) => sum + file.rows + file.quarantined, 0);
  if (staged.unreadable.length <= unreadableAtMost * lines) return;
  const [first] = staged.unreadable;
  throw new SluiceError(
    "quality.threshold",
    `Cannot take in ${work.batch.title}: too many of its lines are no record`,
    {
      facts: {
        table: name,
        unreadable: staged.unreadable.length,
        lines,
        allowed: unreadableAtMost,
        file: first?.file,
        line: first?.line,
        reason: first?.reason,
      },
      advice: `See \`sluice quarantine show ${name}\`; correct the files, or raise \`unreadable\` of ${name}.`,
    },
  );
}

/** The staged rows with what only Bronze knows: the batch and the moment of arrival. */
function bronzeRows(context: LayerContext, staged: StagedBatch, batch: number): Relation {
  const arrived = new Date(context.world.nowMs()).toISOString();
  return {
    sql: `SELECT *, CAST(${batch} AS BIGINT) AS _batch_id, CAST('${arrived}' AS TIMESTAMPTZ) AS _ingestion_timestamp,
      CAST('${arrived.slice(0, 10)}' AS DATE) AS _ingestion_date FROM staged`,
    inputs: { staged: { kind: "relation", relation: staged.relation } },
  };
}
