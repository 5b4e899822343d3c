import { SluiceError } from "../../base/index.ts";
import type { BronzeDefinition, SilverDefinition } from "../../definition/index.ts";
import type { AddFile, TxnClaim } from "../../delta/index.ts";
import { quoteLiteral, type OpenTable, type Relation, type Scratch } from "../../engine/index.ts";
import { judge, type Verdict } from "../../quality/index.ts";
import { openNewest, placeOf, type LayerContext, type TablePlace } from "../context.ts";
import { setAside } from "../quarantine/quarantine.ts";
import { collectDeletes, lastingDeletes } from "./deletes.ts";
import { refuseMissingImages } from "./event-images.ts";
import { refreshJoins, type PinnedJoin } from "./joins.ts";
import { mergeState } from "./merge-state.ts";
import { narrowRelation, summarizeEvents, type EventCounts } from "./narrow.ts";
import { planFold, type FoldChunk } from "./plan-fold.ts";
import { rejectedEvents } from "./rejected-events.ts";
import { shapeSql } from "./shape.ts";
import { silverCreation, silverMeaning } from "./silver-table.ts";
import { raiseTombstones, readTruncates, tombstonePlace, truncatesAmong } from "./tombstones.ts";
import { decideTiesWithTable, pickWinners, tiesWithTable } from "./winners.ts";

export interface FoldOutcome {
  /** False when there was nothing new: nothing was committed anywhere. */
  readonly changed: boolean;
  readonly version: number | undefined;
  readonly counts: EventCounts;
  readonly verdict: Verdict;
}

export interface FoldTarget {
  readonly definition: SilverDefinition;
  readonly bronze: BronzeDefinition;
  /** The table to bring up to date and its tombstones: the Silver table's own, or the shadows of a rebuild. */
  readonly silver: TablePlace;
  readonly tombstones: TablePlace;
  /** Parquet bytes that one commit folds in at most (one Bronze version at least). */
  readonly chunkBytes?: number;
}

/** The Silver table itself, as the target of a fold. */
export function foldTarget(context: LayerContext, definition: SilverDefinition, bronze: BronzeDefinition): FoldTarget {
  return {
    definition,
    bronze,
    silver: placeOf(context, definition.name),
    tombstones: tombstonePlace(context, definition),
  };
}

/**
 * Folds the Bronze versions that a Silver table has not seen into it: quarantine and tombstones first, each idempotent, the
 * Silver commit last with `txn` = the last Bronze version folded, refused unless the table's is the one before.
 */
export async function foldSilver(context: LayerContext, target: FoldTarget): Promise<FoldOutcome> {
  const { definition } = target;
  const bronze = await openNewest(placeOf(context, target.bronze.name));
  const joins = await refreshJoins(context, definition, target.silver);
  const plan = await planFold(bronze, await openNewest(target.silver), target.chunkBytes);
  if (plan.chunks.length === 0) {
    return {
      changed: joins.changed,
      version: joins.version,
      counts: NO_EVENTS,
      verdict: judge(NO_EVENTS, definition.rules),
    };
  }
  const onImageless = async (): Promise<void> => {
    const files = plan.chunks.flatMap((chunk) => chunk.files);
    const truncates = await readTruncates(context, await openNewest(target.tombstones));
    await refuseMissingImages(context, target, { events: bronze, files, truncates });
  };
  const shapedOf = (files: readonly AddFile[]): Relation => shapedRelation(target, bronze, files, joins.pinned);
  if (plan.chunks.length > 1)
    await judgeAll(context, definition, shapedOf(plan.chunks.flatMap((chunk) => chunk.files)));
  let counts = NO_EVENTS;
  let version: number | undefined;
  for (const chunk of plan.chunks) {
    const folded = await foldChunk(context, target, {
      chunk,
      appId: plan.appId,
      shaped: shapedOf(chunk.files),
      isJudged: plan.chunks.length > 1,
      joins: joins.pinned,
      onImageless,
    });
    counts = addCounts(counts, folded.counts);
    version = folded.version;
    context.onProgress?.({
      table: definition.name,
      phase: "fold",
      detail: `bronze version ${chunk.to}`,
      rows: counts.events,
    });
  }
  return { changed: true, version, counts, verdict: judge(counts, definition.rules) };
}

function shapedRelation(
  target: FoldTarget,
  bronze: OpenTable,
  files: readonly AddFile[],
  joins: readonly PinnedJoin[],
): Relation {
  const schema = bronze.snapshot?.metadata.schema ?? { type: "struct", fields: [] };
  return {
    sql: shapeSql(target.definition, {
      bronze: schema,
      sourceKeys: target.bronze.source.keys,
      ttlAttribute: target.bronze.source.ttlAttribute,
    }),
    inputs: {
      events: { kind: "files", table: bronze, files, positions: "index" },
      ...Object.fromEntries(joins.map((join) => [`join.${join.alias}`, { kind: "relation", relation: join.live }])),
    },
  };
}

/** A rule that fails the run is judged over all that is new before the first chunk is committed, whatever the chunks are. */
async function judgeAll(context: LayerContext, definition: SilverDefinition, shaped: Relation): Promise<void> {
  if (!definition.rules.some((rule) => rule.action === "fail" || rule.atMost !== undefined)) return;
  const relation = narrowRelation(definition, shaped);
  const { counts } = await summarizeEvents(context.engine, definition, { kind: "relation", relation });
  refuseBroken(definition, counts);
}

function refuseBroken(definition: SilverDefinition, counts: EventCounts): void {
  const [failure] = judge(counts, definition.rules).failures;
  if (failure === undefined) return;
  throw new SluiceError(
    failure.kind === "failed" ? "quality.failed" : "quality.threshold",
    `Cannot fold into ${definition.name}: rule ${failure.rule} is broken by too many rows`,
    { facts: { rule: failure.rule, violations: failure.violations, judged: failure.judged, allowed: failure.allowed } },
  );
}

interface ChunkWork {
  readonly chunk: FoldChunk;
  /** Whether the rules that may fail the run have been judged over all chunks. */
  readonly isJudged: boolean;
  readonly joins: readonly PinnedJoin[];
  readonly appId: string;
  readonly shaped: Relation;
  /** Called where an event has no image, and none is to come. */
  readonly onImageless: () => Promise<void>;
}

/** Parquet bytes of Bronze up to which the shaped rows of a chunk are kept: planning their SQL anew takes longer than they do. */
const KEPT_BYTES_MAX = 8 * 1_048_576;

function isSmall({ files }: FoldChunk): boolean {
  return files.reduce((sum, file) => sum + file.sizeBytes, 0) <= KEPT_BYTES_MAX;
}

async function foldChunk(
  context: LayerContext,
  target: FoldTarget,
  { chunk, appId, isJudged, joins, onImageless, ...work }: ChunkWork,
): Promise<{ counts: EventCounts; version: number }> {
  const { definition } = target;
  const { engine } = context;
  await using kept = isSmall(chunk) ? await engine.scratch(work.shaped) : undefined;
  const shaped: Relation =
    kept === undefined
      ? work.shaped
      : { sql: "SELECT * FROM kept", inputs: { kept: { kind: "scratch", scratch: kept } } };
  await using narrow = await engine.scratch(narrowRelation(definition, shaped));
  const events = await summarizeEvents(engine, definition, { kind: "scratch", scratch: narrow });
  const { counts } = events;
  if (events.hasImageless) await onImageless();
  if (!isJudged) refuseBroken(definition, counts);
  if (counts.quarantined > 0) await setAside(context, definition.name, rejectedEvents(definition, narrow, work.shaped));
  const silver = await openNewest(target.silver);
  await using winners = await pickWinners(engine, definition, narrow, shaped);
  const tombstoneTable = await openNewest(target.tombstones);
  const fresh = events.hasTruncates ? await truncatesAmong(context, narrow) : [];
  const truncates = [...(await readTruncates(context, tombstoneTable)), ...fresh];
  await using deletes = await collectDeletes(engine, definition, { narrow, winners, silver, fresh, truncates });
  if (deletes.rows > 0 || fresh.length > 0) {
    await raiseTombstones(context, tombstoneTable, lastingDeletes(deletes), fresh);
  }
  const ties = await tiesOf(context, definition, { winners, shaped, silver, from: events.oldestImage });
  try {
    const outcome = await engine.merge(
      silver,
      mergeState(definition, {
        winners,
        deletes,
        shaped,
        tombstones: tombstoneTable.snapshot === undefined ? undefined : { kind: "table", table: tombstoneTable },
        ties,
        truncates,
        processedAt: new Date(context.world.nowMs()).toISOString(),
      }),
      {
        create: silverCreation(definition),
        describe: silverMeaning(definition, silver.snapshot),
        txns: [...foldClaims(appId, chunk), ...joinClaims(joins, silver)],
        operationParameters: { bronzeVersions: `${chunk.from}..${chunk.to}`, run: context.run },
      },
    );
    return { counts, version: outcome.kind === "nothing" ? -1 : outcome.version };
  } finally {
    await ties?.[Symbol.asyncDispose]();
  }
}

/** A part is no position: after a crash all of it is folded again, to the same effect. */
function foldClaims(appId: string, chunk: FoldChunk): TxnClaim[] {
  return chunk.isPart === true ? [] : [{ appId, version: chunk.to, expected: chunk.after }];
}

/** The first commit of a table records the joined versions; later ones insist on them. */
function joinClaims(joins: readonly PinnedJoin[], silver: OpenTable): TxnClaim[] {
  return joins.flatMap((join) =>
    join.claims.map((claim) => (silver.snapshot === undefined ? claim : { ...claim, expected: claim.version })),
  );
}

/** Looked for only where an event may be as old as what the table has: in the ordinary course time goes on. */
async function tiesOf(
  context: LayerContext,
  definition: SilverDefinition,
  {
    winners,
    shaped,
    silver,
    from,
  }: { winners: Scratch; shaped: Relation; silver: OpenTable; from: string | undefined },
): Promise<Scratch | undefined> {
  if (silver.snapshot === undefined || winners.rows === 0 || from === undefined) return undefined;
  const ranges = [{ path: ["_image_sequence"], type: "string", min: from }] as const;
  const [newest] = await context.engine.rows({
    sql: `SELECT count(*) AS reached FROM silver WHERE _image_sequence >= ${quoteLiteral(from)}`,
    inputs: { silver: { kind: "table", table: silver, ranges } },
  });
  if (newest?.["reached"] === 0n) return undefined;
  await using tied = await context.engine.scratch(tiesWithTable(winners, silver));
  if (tied.rows === 0) return undefined;
  return await context.engine.scratch(decideTiesWithTable(definition, tied, shaped, silver));
}

const NO_EVENTS: EventCounts = { events: 0, quarantined: 0, dropped: 0, judged: 0, passed: 0, violations: {} };

function addCounts(left: EventCounts, right: EventCounts): EventCounts {
  const names = new Set([...Object.keys(left.violations), ...Object.keys(right.violations)]);
  return {
    events: left.events + right.events,
    quarantined: left.quarantined + right.quarantined,
    dropped: left.dropped + right.dropped,
    judged: left.judged + right.judged,
    passed: left.passed + right.passed,
    violations: Object.fromEntries(
      [...names].map((name) => [name, (left.violations[name] ?? 0) + (right.violations[name] ?? 0)]),
    ),
  };
}
