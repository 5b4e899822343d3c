import type { PublishMark } from "../../targets/index.ts";

/** What a run wants to bring into the target. */
export interface ClaimWish {
  readonly publisher: string;
  /** The id of the Delta table. */
  readonly source: string;
  readonly fingerprint: string;
  readonly version: number;
  readonly run: string;
  readonly nowMs: number;
  /** The lake becomes the publisher, whatever the mark says. */
  readonly takesOver: boolean;
  /** What is there is compared, whatever the mark says. */
  readonly repairs: boolean;
}

export type ClaimDecision =
  /** Everything of that version is there. */
  | { readonly kind: "current"; readonly mark: PublishMark }
  | { readonly kind: "claim"; readonly mark: PublishMark; readonly work: PublishWork }
  | { readonly kind: "refused"; readonly why: ClaimRefusal; readonly mark: PublishMark };

export type ClaimRefusal =
  /** The mark tells of versions of another Delta table. */
  | "other-source"
  /** A newer version is there, or on its way. */
  | "newer-version";

export type PublishWork =
  /** Nothing was published before. */
  | { readonly kind: "everything"; readonly skip: number }
  /**
   * What became of the rows since `from`. `touched`: every key that changed in between counts, also where it is as it was before, since
   * an unfinished publish may have written what it was in between.
   */
  | { readonly kind: "changes"; readonly from: number; readonly touched: boolean; readonly skip: number }
  /** What is in the target is compared with the table. `settles`: somebody else may be writing until he notices. */
  | { readonly kind: "compare"; readonly settles: boolean };

/**
 * Whether a version may be published over what the target's mark says, under which mark, and what there is to write. The one rule: an
 * older version never follows a newer one; versions are ordered within an epoch, and only taking over begins a new one.
 */
export function decideClaim(before: PublishMark | undefined, wish: ClaimWish): ClaimDecision {
  if (before === undefined) return firstClaim(wish);
  const refusal = refusalOf(before, wish);
  if (refusal !== undefined) {
    return wish.takesOver ? takeOver(before, wish) : { kind: "refused", why: refusal, mark: before };
  }
  return isCurrent(before, wish) ? { kind: "current", mark: before } : nextClaim(before, wish);
}

function isCurrent({ published, claimed, state, fingerprint }: PublishMark, wish: ClaimWish): boolean {
  const isThere = published === wish.version && claimed === published && state === "clean";
  return isThere && fingerprint === wish.fingerprint && !wish.repairs;
}

function nextClaim(before: PublishMark, { fingerprint, version, run, repairs }: ClaimWish): ClaimDecision {
  const isUnfinished = before.claimed > before.published;
  const isKnown = before.fingerprint === fingerprint && !repairs;
  const isResumed = isUnfinished && isKnown && before.claimed === version;
  const state = isKnown ? stateAfter(before, isUnfinished && !isResumed) : "unknown";
  const done = isResumed && state !== "unknown" ? before.done : 0;
  const mark: PublishMark = { ...before, fingerprint, claimed: version, owner: run, done, state };
  return { kind: "claim", mark, work: workOf(mark, { isUnfinished, skip: done }) };
}

function refusalOf(before: PublishMark, { source, version }: ClaimWish): ClaimRefusal | undefined {
  if (before.source !== source) return "other-source";
  return before.claimed > version || before.published > version ? "newer-version" : undefined;
}

/** Epochs are moments, so that a publisher whose mark was lost still begins one above all that he has written. */
function firstClaim({
  publisher,
  source,
  fingerprint,
  version,
  run,
  nowMs,
  takesOver,
  repairs,
}: ClaimWish): ClaimDecision {
  const state = takesOver || repairs ? "unknown" : "clean";
  const place = { publisher, source, epoch: nowMs, fingerprint };
  const mark: PublishMark = { ...place, published: -1, claimed: version, owner: run, done: 0, state };
  return { kind: "claim", mark, work: workOf(mark, { isUnfinished: false, skip: 0 }) };
}

function takeOver(before: PublishMark, { source, fingerprint, version, run, nowMs }: ClaimWish): ClaimDecision {
  const epoch = Math.max(before.epoch + 1, nowMs);
  const place = { ...before, source, epoch, fingerprint };
  const mark: PublishMark = { ...place, published: -1, claimed: version, owner: run, done: 0, state: "unknown" };
  return { kind: "claim", mark, work: { kind: "compare", settles: true } };
}

/** Something of another version was begun: what is there is neither the version of before nor that one. */
function stateAfter({ state, published }: PublishMark, isOvertaken: boolean): PublishMark["state"] {
  if (!isOvertaken || state === "unknown") return state;
  return published === -1 ? "unknown" : "mixed";
}

function workOf(
  { state, published }: PublishMark,
  { isUnfinished, skip }: { readonly isUnfinished: boolean; readonly skip: number },
): PublishWork {
  if (state === "unknown") return { kind: "compare", settles: isUnfinished };
  if (published === -1) return { kind: "everything", skip };
  return { kind: "changes", from: published, touched: state === "mixed", skip };
}
