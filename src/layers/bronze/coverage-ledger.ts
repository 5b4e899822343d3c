import type { OwedChanges, Span } from "../../sources/index.ts";

/** Which part of a source's history is in Bronze, by which channel and batches, and which is not. */
export interface Ledger {
  /** In the order of their epochs and times. */
  readonly spans: readonly Span[];
  /** What lies before each stretch of changes, filled or not, and what was forgotten unread. */
  readonly holes: readonly Hole[];
  /** The effect of every change before this moment is in; undefined: of none for certain. */
  readonly coveredToMs: number | undefined;
  /** What a source that forgets still owes. */
  readonly owed: OwedChanges | undefined;
  readonly verdict: "covered" | "loading" | "gap";
}

/** A part of the source's time whose changes did not come one by one. */
export interface Hole {
  /**
   * `start`: before the first change that came, or that came under another definition. `break`: between two stretches of changes. `forgotten`: nobody read it while the source kept it.
   */
  readonly kind: "start" | "break" | "forgotten";
  readonly fromMs: number | undefined;
  readonly toMs: number;
  /** Only what reaches this moment fills it for sure. */
  readonly neededMs: number;
  readonly filledBy?: Span;
  /** Will fill it once it is whole. */
  readonly underWay?: Span;
}

/**
 * Puts together what the channels of a table cover. A stretch of changes counts from the table's beginning on where a whole snapshot, or
 * another channel's changes behind one, reach far enough beyond its own beginning; a later snapshot makes up for whatever is missing before.
 */
export function ledgerOf(spans: readonly Span[], nowMs: number): Ledger {
  const ordered = spans.toSorted((left, right) => left.epoch - right.epoch || momentOf(left) - momentOf(right));
  const changes = ordered.filter(({ kind }) => kind === "changes");
  const bases = ordered.filter(({ kind, toMs }) => kind === "snapshot" && toMs !== undefined);
  const waiting = new Set(changes);
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const span of waiting) {
      if (span.fromMs !== undefined && !bases.some((base) => fills(base, span))) continue;
      bases.push(span);
      waiting.delete(span);
      isMoving = true;
    }
  }
  const holes = [...holesBefore(changes, { bases, all: ordered }), ...forgotten(changes, nowMs)];
  return {
    spans: ordered,
    holes,
    coveredToMs: latest(bases),
    owed: changes.findLast(({ owed }) => owed !== undefined)?.owed,
    verdict: verdictOf(holes, bases),
  };
}

/** Whether nothing can be lost between a stretch that begins somewhere and what is known to be there before. */
function fills(base: Span, span: Span): boolean {
  const isOwnChanges = base.channel === span.channel && base.kind === "changes";
  return base !== span && !isOwnChanges && base.toMs !== undefined && base.toMs >= neededBy(span);
}

function neededBy({ fromMs = 0, overlapMs }: Span): number {
  return fromMs + overlapMs;
}

function holesBefore(
  changes: readonly Span[],
  { bases, all }: { readonly bases: readonly Span[]; readonly all: readonly Span[] },
): readonly Hole[] {
  return changes.flatMap((span, index): Hole[] => {
    if (span.fromMs === undefined) return [];
    const before = changes.slice(0, index).findLast(({ channel }) => channel === span.channel);
    const neededMs = neededBy(span);
    // A snapshot from after all of the stretch makes up for the stretch, too.
    const filledBy = bases
      .filter((base) => fills(base, span))
      .toSorted((left, right) => (left.toMs ?? 0) - (right.toMs ?? 0))[0];
    const underWay = all.find(({ toMs, atMs = 0 }) => toMs === undefined && atMs >= neededMs);
    return [
      {
        kind: (before === undefined && span.epoch === 0) || span.isRedefined === true ? "start" : "break",
        fromMs: before?.toMs,
        toMs: span.fromMs,
        neededMs,
        ...(filledBy === undefined ? (underWay === undefined ? {} : { underWay }) : { filledBy }),
      },
    ];
  });
}

function forgotten(changes: readonly Span[], nowMs: number): readonly Hole[] {
  return changes.flatMap(({ owed, toMs }): Hole[] => {
    const isForgotten = owed !== undefined && nowMs - owed.fromMs > owed.keptMs;
    return isForgotten ? [{ kind: "forgotten", fromMs: toMs, toMs: nowMs, neededMs: nowMs }] : [];
  });
}

function verdictOf(holes: readonly Hole[], bases: readonly Span[]): Ledger["verdict"] {
  const open = holes.filter(({ filledBy }) => filledBy === undefined);
  if (open.some(({ kind }) => kind !== "start")) return "gap";
  return open.length > 0 || bases.length === 0 ? "loading" : "covered";
}

function latest(spans: readonly Span[]): number | undefined {
  return spans.reduce<number | undefined>(
    (most, { toMs }) => (toMs === undefined || (most !== undefined && most > toMs) ? most : toMs),
    undefined,
  );
}

/** Where a span stands among others of its epoch. */
function momentOf({ fromMs, atMs, toMs }: Span): number {
  return atMs ?? fromMs ?? toMs ?? 0;
}
