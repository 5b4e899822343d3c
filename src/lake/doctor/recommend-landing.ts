import type { Wishes } from "./finding.ts";
import {
  FIREHOSE_FRESHNESS_MS,
  WINDOW_LEAST_MS,
  landingCosts,
  type LandingCost,
  type LandingName,
  type TableNumbers,
} from "./landing-costs.ts";

export interface Recommendation {
  readonly landing: LandingName;
  readonly reasons: readonly string[];
  /** The line to write. */
  readonly line: string;
  /** Of each landing, the recommended one first. */
  readonly monthly: readonly LandingCost[];
}

const HOUR_MS = 3_600_000;
/** What a stream keeps for certain. */
export const STREAM_KEEPS_MS = 24 * HOUR_MS;
/** An export shows a window 15 minutes after its end at the earliest; then it is written. */
export const EXPORT_FRESHNESS_MS = 2 * WINDOW_LEAST_MS;
/** A scan of so much is over in a minute or two, and costs less than a cent. */
const SMALL_BYTES = 256 * 1_048_576;

/** Which landing fits a table, and why. */
export function recommendLanding(table: TableNumbers, wishes: Wishes): Recommendation {
  const costs = landingCosts(table, wishes);
  const { landing, reasons } = choose(table, wishes, costs);
  const others = Object.values(costs).filter((cost) => cost.landing !== landing);
  return { landing, reasons, line: lineOf(landing, table), monthly: [costs[landing], ...others] };
}

const LINES: Readonly<Record<LandingName, string>> = {
  stream: 'landing: "stream"',
  kinesis: 'landing: "kinesis", kinesis: "<stream>"',
  firehose: 'landing: "firehose", firehose: "s3://<bucket>/<prefix>/"',
  export: 'landing: "export", export: "s3://<bucket>/<prefix>/"',
  scan: 'landing: "scan"',
};

function lineOf(landing: LandingName, { kinesisStream }: TableNumbers): string {
  return kinesisStream === undefined ? LINES[landing] : LINES[landing].replace("<stream>", nameOf(kinesisStream));
}

function nameOf(arn: string): string {
  return arn.slice(arn.indexOf("/") + 1);
}

function choose(
  { sizeBytes, kinesisStream }: TableNumbers,
  { freshnessMs, outageMs }: Wishes,
  costs: Readonly<Record<LandingName, LandingCost>>,
): { readonly landing: LandingName; readonly reasons: readonly string[] } {
  if (freshnessMs < EXPORT_FRESHNESS_MS && freshnessMs >= FIREHOSE_FRESHNESS_MS && outageMs > STREAM_KEEPS_MS) {
    return {
      landing: "firehose",
      reasons: [
        "files of changes wait in the bucket, however long the pause",
        "they are minutes old, which exports cannot be",
      ],
    };
  }
  if (freshnessMs < EXPORT_FRESHNESS_MS && outageMs > STREAM_KEEPS_MS && kinesisStream !== undefined) {
    return {
      landing: "kinesis",
      reasons: [
        `the table's changes go to ${nameOf(kinesisStream)} already, which is as fresh as its own stream`,
        "it can keep them for up to a year, where a stream keeps a day: raise its retention above your pauses",
      ],
    };
  }
  if (freshnessMs < EXPORT_FRESHNESS_MS) {
    const why = "a stream is the freshest there is";
    const after = "after a longer pause than a day a new scan fills the gap by itself";
    return { landing: "stream", reasons: outageMs > STREAM_KEEPS_MS ? [why, after] : [why] };
  }
  if (sizeBytes <= SMALL_BYTES && freshnessMs >= HOUR_MS && (costs.scan.usd ?? 0) <= 1) {
    return {
      landing: "scan",
      reasons: [
        "the table is small: reading it whole, as often as you want it fresh, costs next to nothing",
        "it needs no stream and survives any pause; what changed and changed back between two scans is not seen",
      ],
    };
  }
  if (outageMs > STREAM_KEEPS_MS) {
    return {
      landing: "export",
      reasons: [
        "a pause longer than a day is survived: windows are exported from up to 35 days back",
        "it takes nothing of the table's capacity",
      ],
    };
  }
  return {
    landing: "stream",
    reasons: ["every change is seen, soon after it happened", "reading it takes nothing of the table's capacity"],
  };
}
