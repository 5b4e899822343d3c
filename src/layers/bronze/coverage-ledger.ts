import type { MissingPart, OwedChanges, Span } from "../../sources/index.ts";

/** Which part of a source's history is in Bronze, by which channel and batches, and which is not. */
export interface Ledger {
  /** In the order of their epochs and times. */
  readonly spans: readonly Span[];
  /** What lies before each stretch of changes, filled or not, what was forgotten unread, and what is known to be missing. */
  readonly holes: readonly Hole[];
  /** The effect of every change before this moment is in; undefined: of none for certain. */
  readonly coveredToMs: number | undefined;
  /** Beyond that, what came before this moment was read from a source that would not show a gap; undefined: nothing was. */
  readonly readToMs: number | undefined;
  /** What a source that forgets still owes. */
  readonly owed: OwedChanges | undefined;
  /** What channels cannot bring, or cannot tell. */
  readonly limits: readonly LedgerLimit[];
  /** `unproven`: everything was read by channels that would not show a gap. */
  readonly verdict: "covered" | "loading" | "gap" | "unproven";
}

export interface LedgerLimit {
  readonly channel: string;
  readonly kind: string;
  readonly text: string;
}

/** A part of the source's time whose changes did not come one by one. */
export interface Hole {
  /**
   * `start`: before the first change that came, or that came under another definition. `break`: between two stretches of changes. `forgotten`: nobody read it while the source kept it.
   * `failed`, `missing`: something that is named, as of a channel.
   */
  readonly kind: "start" | "break" | "forgotten" | MissingPart["kind"];
  readonly fromMs: number | undefined;
  readonly toMs: number;
  /** Only what reaches this moment fills it for sure. */
  readonly neededMs: number;
  readonly what?: string;
  readonly advice?: string;
  readonly filledBy?: Span;
  /** Will fill it once it is whole. */
  readonly underWay?: Span;
}

/**
 * Puts together what the channels of a table cover. A stretch of changes counts from the table's beginning on where a whole snapshot, or
 * another channel's changes behind one, reach far enough beyond its own beginning; a later snapshot makes up for whatever is missing before.
 * What came through a channel that would not show a gap fills nothing but gaps of such channels.
 */
export function ledgerOf(spans: readonly Span[], nowMs: number): Ledger {
  const ordered = spans.toSorted((left, right) => left.epoch - right.epoch || momentOf(left) - momentOf(right));
  const proven = joined(ordered.filter((span) => !isUnproven(span)));
  const read = joined(ordered);
  const changes = ordered.filter(({ kind }) => kind === "changes");
  const basesFor = (span: Span): readonly Span[] => (isUnproven(span) ? read : proven);
  const holes = [
    ...holesBefore(changes, { basesFor, all: ordered }),
    ...forgotten(changes, nowMs),
    ...missing(ordered, read),
  ];
  const [coveredToMs, readToMs] = [latest(proven), latest(read)];
  return {
    spans: ordered,
    holes,
    coveredToMs,
    readToMs: readToMs !== undefined && readToMs > (coveredToMs ?? -Infinity) ? readToMs : undefined,
    owed: changes.findLast(({ owed }) => owed !== undefined)?.owed,
    limits: limitsOf(ordered),
    verdict: verdictOf(holes, { proven, read }),
  };
}

function isUnproven({ isUnproven: is = false }: Span): boolean {
  return is;
}

/** Whole snapshots, and the stretches of changes that go on from one of them. */
function joined(spans: readonly Span[]): readonly Span[] {
  const bases = spans.filter(({ kind, toMs }) => kind === "snapshot" && toMs !== undefined);
  const waiting = new Set(spans.filter(({ kind }) => kind === "changes"));
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const span of waiting) {
      if (span.fromMs !== undefined && !bases.some((base) => fills(base, span))) continue;
      bases.push(span);
      waiting.delete(span);
      isMoving = true;
    }
  }
  return bases;
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
  { basesFor, all }: { readonly basesFor: (span: Span) => readonly Span[]; readonly all: readonly Span[] },
): readonly Hole[] {
  return changes.flatMap((span, index): Hole[] => {
    if (span.fromMs === undefined) return [];
    const before = changes.slice(0, index).findLast(({ channel }) => channel === span.channel);
    // It went on, in an epoch that others had begun.
    if (before?.fromMs === span.fromMs) return [];
    const neededMs = neededBy(span);
    // A snapshot from after all of the stretch makes up for the stretch, too.
    const filledBy = basesFor(span)
      .filter((base) => fills(base, span))
      .toSorted((left, right) => (left.toMs ?? 0) - (right.toMs ?? 0))[0];
    const underWay = all.find(({ toMs, atMs = 0 }) => toMs === undefined && atMs >= neededMs);
    return [
      {
        kind: (before === undefined && span.epoch === 0) || span.isRedefined === true ? "start" : "break",
        fromMs: before?.toMs === undefined ? undefined : Math.min(before.toMs, span.fromMs),
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

/** What is named and not in: a snapshot of later makes up for it. */
function missing(spans: readonly Span[], bases: readonly Span[]): readonly Hole[] {
  const snapshots = bases.filter(({ kind }) => kind === "snapshot");
  return spans.flatMap((span) =>
    (span.missing ?? []).map((part): Hole => {
      const filledBy = snapshots.find((base) => base !== span && (base.toMs ?? 0) >= part.neededMs);
      const underWay = spans.find(({ toMs, atMs = 0 }) => toMs === undefined && atMs >= part.neededMs);
      const filling = filledBy === undefined ? (underWay === undefined ? {} : { underWay }) : { filledBy };
      return { ...part, fromMs: undefined, ...filling };
    }),
  );
}

/** Of several epochs of a channel the newest speaks. */
function limitsOf(spans: readonly Span[]): readonly LedgerLimit[] {
  const all = spans.flatMap(({ channel, limits = [] }) => limits.map((limit): LedgerLimit => ({ channel, ...limit })));
  return [...new Map(all.map((limit) => [`${limit.channel} ${limit.kind}`, limit])).values()];
}

function verdictOf(
  holes: readonly Hole[],
  { proven, read }: { readonly proven: readonly Span[]; readonly read: readonly Span[] },
): Ledger["verdict"] {
  const open = holes.filter(({ filledBy }) => filledBy === undefined);
  if (open.some(({ kind }) => kind !== "start")) return "gap";
  if (open.length > 0 || read.length === 0) return "loading";
  return proven.length === 0 ? "unproven" : "covered";
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
