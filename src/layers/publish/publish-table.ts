import { SluiceError } from "../../base/index.ts";
import type { OpenTable } from "../../engine/index.ts";
import type { OpenTarget, PublishMark, StoredItem, Target } from "../../targets/index.ts";
import { openNewest, placeOf, type LayerContext } from "../context.ts";
import { checkItems, checkKeysOfRows } from "./check-rows.ts";
import { Claim, KEEP_MS } from "./claim.ts";
import { compareTarget, repairingRows } from "./compare-target.ts";
import { decideClaim, type ClaimDecision } from "./decide-claim.ts";
import { findChanges, keptChanges, type FoundChanges, type VersionedRows } from "./find-changes.ts";
import { publishedRows, type KeyKind, type PublishedDefinition } from "./published-rows.ts";
import { publishFingerprint, recordPublished } from "./published-log.ts";
import { withCapacity } from "./with-capacity.ts";
import { writeChanges, type WriteReport } from "./write-changes.ts";

export interface TargetKey {
  readonly attribute: string;
  readonly kind: KeyKind;
}

export interface PublishOptions {
  /** The lake's name: part of the publisher's. */
  readonly lake: string;
  readonly openTarget: (definition: PublishedDefinition, keys: readonly TargetKey[]) => Target;
  /** The lake becomes the publisher, whatever the target says. */
  readonly takesOver?: boolean;
  /** Target and table are compared, and what differs is written. */
  readonly repairs?: boolean;
}

export interface PublishOutcome {
  /** False when everything was there. */
  readonly changed: boolean;
  readonly version: number;
  readonly written: WriteReport;
}

const NOTHING_WRITTEN: WriteReport = { put: 0, deleted: 0, present: 0, units: 0 };

/** What a publish works on, once it is known that there is something to do. */
interface Work {
  readonly definition: PublishedDefinition;
  readonly versioned: VersionedRows;
  readonly target: OpenTarget;
  readonly before: PublishMark | undefined;
  readonly decision: Extract<ClaimDecision, { kind: "claim" }>;
  readonly repairs: boolean;
}

/**
 * Brings the rows of a table's newest version into its target: only what has changed since the version that is there, never over
 * something newer. May be ended at any moment and repeated. What cannot be published is found before anything is written.
 */
export async function publishTable(
  context: LayerContext,
  definition: PublishedDefinition,
  options: PublishOptions,
): Promise<PublishOutcome> {
  const { takesOver = false, repairs = false } = options;
  const table = await openPublished(context, definition);
  const { version, metadata } = table.snapshot;
  const rows = publishedRows(definition, metadata.schema);
  const fingerprint = publishFingerprint(definition, rows);
  await using target = await options.openTarget(definition, rows.keys).open();
  const before = await target.readMark();
  const decision = decideClaim(before, {
    publisher: publisherOf(options.lake, definition),
    source: metadata.id,
    fingerprint,
    version,
    run: context.run,
    nowMs: context.world.nowMs(),
    takesOver,
    repairs,
  });
  if (decision.kind === "refused") throw refusal(definition, decision, version);
  const written =
    decision.kind === "current"
      ? await putCapacityBack(context, definition, { target, mark: decision.mark })
      : await publish(context, {
          definition,
          versioned: { table, version, rows },
          target,
          before,
          decision,
          repairs: repairs || takesOver,
        });
  await recordPublished(context, definition, {
    tableId: metadata.id,
    version,
    written,
    lake: options.lake,
    fingerprint,
  });
  return { changed: written.put + written.deleted > 0, version, written };
}

/** `<lake>/<table>`: the same in every run, and in every copy of the lake. */
export function publisherOf(lake: string, { name }: PublishedDefinition): string {
  return `${lake}/${name}`;
}

async function openPublished(
  context: LayerContext,
  definition: PublishedDefinition,
): Promise<OpenTable & { readonly snapshot: NonNullable<OpenTable["snapshot"]> }> {
  const { snapshot, ...table } = await openNewest(placeOf(context, definition.name));
  if (snapshot !== undefined) return { ...table, snapshot };
  throw new SluiceError("table.missing", `Cannot publish ${definition.name}: it has no rows yet`, {
    facts: { table: definition.name },
    advice: "Run `sluice run` to build it.",
  });
}

async function publish(context: LayerContext, work: Work): Promise<WriteReport> {
  const { definition, versioned, target, before, decision } = work;
  const { name } = definition;
  await checkKeysOfRows(context.engine, name, versioned);
  const found =
    decision.work.kind === "compare" ? undefined : await findChanges(context.engine, versioned, decision.work);
  await using changes = found;
  if (changes !== undefined) await checkItems(context.engine, name, { changes, versioned, target });
  // What changed cannot be read any more: the mark says so, in case that this run does not come to its end.
  const mark: PublishMark = changes === undefined ? { ...decision.mark, state: "unknown", done: 0 } : decision.mark;
  const claim = await Claim.take(target, { mark, before }, { world: context.world, table: name });
  return changes === undefined
    ? await writeCompared(context, work, claim)
    : await write(context, work, { claim, changes });
}

/** What the target has is looked at under the claim: nobody else writes meanwhile, once whoever was at work has noticed. */
async function writeCompared(context: LayerContext, work: Work, claim: Claim): Promise<WriteReport> {
  const { definition, versioned, target, decision } = work;
  if (decision.work.kind === "compare" && decision.work.settles) await context.world.sleep(SETTLE_MS, context.signal);
  const forget = async (tombstone: StoredItem): Promise<void> =>
    await target.forget(tombstone, async () => await claim.keep());
  await using comparison = await compareTarget(context, versioned, target, { onExpired: forget });
  await using changes = await keptChanges(context.engine, repairingRows(versioned, comparison));
  await checkItems(context.engine, definition.name, { changes, versioned, target });
  return await write(context, work, { claim, changes });
}

/** A request of an earlier publisher is sent at most so long after its last look at the claim, and answered at most so long after that. */
const SETTLE_MS = KEEP_MS + 20_000;

async function write(
  context: LayerContext,
  { definition, versioned, target, decision, repairs }: Work,
  { claim, changes }: { readonly claim: Claim; readonly changes: FoundChanges },
): Promise<WriteReport> {
  const skip = decision.work.kind === "compare" ? 0 : decision.work.skip;
  const work = { changes, versioned, target, claim, skip, repairs };
  const raiseTo = changes.puts + changes.deletes > skip ? definition.publish.raiseTo : undefined;
  return await withCapacity(context, { claim, target, raiseTo }, async (keepCapacity) => {
    const written = await writeChanges(context, definition.name, { ...work, keepCapacity });
    await claim.write({ published: claim.mark.claimed, done: 0, state: "clean" });
    return written;
  });
}

/** A run that raised the capacity has not come to its end. */
async function putCapacityBack(
  context: LayerContext,
  { name }: PublishedDefinition,
  { target, mark }: { readonly target: OpenTarget; readonly mark: PublishMark },
): Promise<WriteReport> {
  if (mark.raisedFrom === undefined) return NOTHING_WRITTEN;
  const claim = await Claim.take(
    target,
    { mark: { ...mark, owner: context.run }, before: mark },
    { world: context.world, table: name },
  );
  const work = { claim, target, raiseTo: undefined };
  return await withCapacity(context, work, async () => await Promise.resolve(NOTHING_WRITTEN));
}

function refusal(
  { name }: PublishedDefinition,
  { why, mark }: Extract<ClaimDecision, { kind: "refused" }>,
  version: number,
): SluiceError {
  const facts = { table: name, publisher: mark.publisher, version, published: mark.published, claimed: mark.claimed };
  if (why === "newer-version") {
    return new SluiceError(
      "publish.superseded",
      `Cannot publish version ${version} of ${name}: the target is further`,
      {
        facts,
      },
    );
  }
  return new SluiceError(
    "publish.superseded",
    `Cannot publish ${name}: what is in the target was published from another table of that name`,
    {
      facts,
      advice:
        "Is this a copy of the lake, or was the table made anew? Where this lake is to be the publisher from now on, run `sluice publish <table> --take-over`; otherwise give the lake another name or another target.",
    },
  );
}
