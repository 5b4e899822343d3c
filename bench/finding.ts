import { median, type Pair, type Sample } from "./pairs.ts";

/** One row of the report: a figure, what it is held against, and whether it is as it should be. */
export interface Finding {
  /** Its name in the results, kept from run to run. */
  readonly id: string;
  readonly title: string;
  readonly ours: string;
  readonly theirs: string;
  /** The figure that the target is about, in words. */
  readonly figure: string;
  readonly target: string;
  /** Null where there is no target. */
  readonly holds: boolean | null;
}

export interface Target {
  readonly text: string;
  readonly holds: (figure: number) => boolean;
}

export function atMost(limit: number, unit: string): Target {
  return { text: `≤ ${limit}${unit}`, holds: (figure) => figure <= limit };
}

export function atLeast(limit: number, unit: string): Target {
  return { text: `≥ ${limit}${unit}`, holds: (figure) => figure >= limit };
}

export interface Heading {
  readonly id: string;
  readonly title: string;
}

/** Ours in multiples of theirs: the median of the pairs' own ratios. */
export function slower(
  heading: Heading,
  pairs: readonly Pair[],
  { of, target }: { readonly of: (sample: Sample) => number; readonly target?: Target },
): Finding {
  return {
    ...heading,
    ...bothSides(pairs, of),
    ...judged(
      ratioOf(pairs, (pair) => of(pair.ours) / of(pair.theirs)),
      "×",
      target,
    ),
  };
}

/** How many times faster ours is: the median of the pairs' own ratios. */
export function faster(
  heading: Heading,
  pairs: readonly Pair[],
  { of, target }: { readonly of: (sample: Sample) => number; readonly target?: Target },
): Finding {
  const figure = judged(
    ratioOf(pairs, (pair) => of(pair.theirs) / of(pair.ours)),
    "× faster",
    target,
  );
  return { ...heading, ...bothSides(pairs, of), ...figure };
}

/** By how many seconds ours takes longer: the median of the pairs' own differences. */
export function longer(
  heading: Heading,
  pairs: readonly Pair[],
  { of, target }: { readonly of: (sample: Sample) => number; readonly target: Target },
): Finding {
  const figure = judged(
    ratioOf(pairs, (pair) => of(pair.ours) - of(pair.theirs)),
    " s longer",
    target,
  );
  return { ...heading, ...bothSides(pairs, of), ...figure };
}

/** A figure of ours alone, already in the unit of its target. */
export function figureOf(
  heading: Heading,
  value: number,
  { unit, target }: { unit: string; target?: Target },
): Finding {
  const figure = judged(value, unit, target);
  return { ...heading, ours: figure.figure, theirs: "", ...figure };
}

function bothSides(pairs: readonly Pair[], of: (sample: Sample) => number): { ours: string; theirs: string } {
  return {
    ours: `${rounded(median(pairs.map((pair) => of(pair.ours))))} s`,
    theirs: `${rounded(median(pairs.map((pair) => of(pair.theirs))))} s`,
  };
}

function ratioOf(pairs: readonly Pair[], ratio: (pair: Pair) => number): number {
  return median(pairs.map(ratio));
}

function judged(value: number, unit: string, target: Target | undefined): Pick<Finding, "figure" | "target" | "holds"> {
  return {
    figure: `${rounded(value)}${unit}`,
    target: target?.text ?? "",
    holds: target === undefined ? null : target.holds(value),
  };
}

/** Three digits that mean something. */
export function rounded(value: number): string {
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
