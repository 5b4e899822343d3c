import { SluiceError, must } from "../../base/index.ts";
import type { BatchManifest } from "../../contract/index.ts";
import type { BronzeDefinition } from "../../definition/index.ts";
import type { OpenTable, Relation } from "../../engine/index.ts";
import type { Channel, Source, StagedBatch } from "../../sources/index.ts";
import { openNewest, type LayerContext, type TablePlace } from "../context.ts";
import { sameWork, type BatchLog } from "./batch-log.ts";
import type { ReadyBatch } from "./stage-ahead.ts";
import { withoutDoubles } from "./doubles.ts";
import { setAsideLines } from "./unreadable.ts";

/** A channel of a Bronze table. */
export interface TableWork {
  readonly definition: BronzeDefinition;
  readonly source: Source;
  readonly channel: Channel;
  readonly place: TablePlace;
  readonly log: BatchLog;
}

export interface BatchWork extends TableWork, ReadyBatch {
  /** The channel's batch that this one was planned behind; -1 for none. */
  readonly position: number;
}

export interface TakenIn {
  readonly batch: number;
  readonly rows: number;
  readonly quarantined: number;
  readonly version: number;
  readonly manifest: BatchManifest;
}

/** `txn` appId of a channel of a Bronze table. */
export function channelAppId(tableId: string, channel: Channel): string {
  return `${tableId}/${channel.name}`;
}

/** Publishes the manifest of a staged batch and commits its rows with the batch's number as the channel's `txn`. */
export async function takeIn(context: LayerContext, work: BatchWork): Promise<TakenIn> {
  const { definition, channel, batch, place } = work;
  const table = await openNewest(place);
  refuseOvertaken(work, table);
  await refuseTooManyUnreadable(context, work);
  const staged = channel.mayRepeat === true ? await withoutDoubles(context, table, work.staged) : work.staged;
  const manifest = await publishManifest(context, { ...work, staged }, table);
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
    manifest,
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

/**
 * Writes the batch's manifest. A manifest that an earlier run wrote and never committed is taken over when it stands for the
 * very same work; else the next number is used and names it as skipped.
 */
async function publishManifest(context: LayerContext, work: BatchWork, table: OpenTable): Promise<BatchManifest> {
  const { staged } = work;
  const { tableId, before, committed } = positionOf(table, work.channel);
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
      end: endOf(work),
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

/** An open batch has its end from reading it. */
export function endOf({ batch, staged }: ReadyBatch): string {
  return must(batch.end ?? staged.end, "a batch that was read has an end");
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
  const inFiles = staged.files.reduce((sum, file) => sum + file.rows + file.quarantined, 0);
  // A stream has no files.
  const lines = staged.files.length === 0 ? staged.rows + staged.unreadable.length : inFiles;
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
