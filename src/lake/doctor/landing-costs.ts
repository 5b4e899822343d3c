import type { DynamoDbDefinition } from "../../definition/index.ts";
import type { Wishes } from "./finding.ts";

export type LandingName = "stream" | "kinesis" | "firehose" | "export" | "scan";

/** What is known of a table for the choice of its landing. */
export interface TableNumbers {
  readonly items: number;
  readonly sizeBytes: number;
  /** Changed records a day; undefined: nobody knows yet. */
  readonly changesPerDay: number | undefined;
  /** Open shards of its stream; undefined: it has none, or they could not be counted. */
  readonly shards: number | undefined;
  /** The ARN of a Kinesis stream that its changes go to. */
  readonly kinesisStream?: string | undefined;
}

/** What a landing takes of AWS a month, beside the first load. */
export interface LandingCost {
  readonly landing: LandingName;
  readonly readUnits: number;
  readonly requests: number;
  readonly exportedBytes: number;
  /** US dollars; undefined: it is paid with other services (Kinesis, Firehose), by their prices. */
  readonly usd: number | undefined;
}

/**
 * Prices of us-east-1, standard tables, as published in 2026: read request units, GetRecords requests of DynamoDB Streams beyond the free
 * ones, exported GB. Other regions cost more; provisioned capacity is paid for whether it is used or not.
 */
const PRICES = {
  readUnit: 0.125 / 1e6,
  streamRequest: 0.02 / 1e5,
  streamRequestsFree: 2.5e6,
  exportedByte: 0.1 / 1e9,
} as const;

const DAY_MS = 86_400_000;
const DAYS = 30;
const PAGE_BYTES = 4_096;
/** An idle shard is asked so often a second at most by a process that stays; a busy one once for so many records. */
const IDLE_REQUESTS = 0.2;
const RECORDS_PER_REQUEST = 1_000;
/** A stream has a shard for each partition of its table: one for each so many bytes (AWS, "Partitions and data distribution"). */
const PARTITION_BYTES = 10 * 1_073_741_824;
/** The shortest window that can be exported. */
export const WINDOW_LEAST_MS = 15 * 60_000;
const WINDOW_MOST_MS = DAY_MS;

/** Units of a whole scan, eventually consistent: half a unit for each 4 KB. */
export function scanUnits({ sizeBytes }: Pick<TableNumbers, "sizeBytes">): number {
  return Math.ceil(sizeBytes / PAGE_BYTES) / 2;
}

export function landingCosts(table: TableNumbers, wishes: Wishes): Readonly<Record<LandingName, LandingCost>> {
  return {
    stream: streamCost(table),
    kinesis: kinesisCost(table),
    firehose: firehoseCost(wishes),
    export: exportCost(table, wishes),
    scan: scanCost(table, wishes),
  };
}

/** Firehose's own default: it delivers a file after so long, where it did not grow full before (AWS, "Buffering hints"). */
export const FIREHOSE_FRESHNESS_MS = 5 * 60_000;

/** Files as often as the wished freshness allows, each read once. */
function firehoseCost({ freshnessMs }: Wishes): LandingCost {
  const bufferMs = Math.min(15 * 60_000, Math.max(60_000, freshnessMs / 2));
  const requests = Math.ceil((DAYS * DAY_MS) / bufferMs);
  return { landing: "firehose", readUnits: 0, requests, exportedBytes: 0, usd: undefined };
}

function streamCost(table: TableNumbers): LandingCost {
  const { changesPerDay = 0, sizeBytes } = table;
  const shards = table.shards ?? Math.max(1, Math.ceil(sizeBytes / PARTITION_BYTES));
  const idle = shards * IDLE_REQUESTS * (DAY_MS / 1_000) * DAYS;
  const requests = Math.ceil(idle + (changesPerDay * DAYS) / RECORDS_PER_REQUEST);
  const paid = Math.max(0, requests - PRICES.streamRequestsFree);
  return { landing: "stream", readUnits: 0, requests, exportedBytes: 0, usd: paid * PRICES.streamRequest };
}

/** A shard of Kinesis takes so many records a second (Kinesis Data Streams Developer Guide, "Quotas and limits"). */
const SHARD_RECORDS = 1_000;

/** Reading is not paid by the request: what the stream takes is its own price. */
function kinesisCost({ changesPerDay = 0 }: TableNumbers): LandingCost {
  const shards = Math.max(1, Math.ceil(changesPerDay / (DAY_MS / 1_000) / SHARD_RECORDS));
  const idle = shards * IDLE_REQUESTS * (DAY_MS / 1_000) * DAYS;
  const requests = Math.ceil(idle + (changesPerDay * DAYS) / RECORDS_PER_REQUEST);
  return { landing: "kinesis", readUnits: 0, requests, exportedBytes: 0, usd: undefined };
}

/** Windows as long as the wished freshness allows. Exports are paid by the bytes that are looked through, which are no fewer than those that changed. */
function exportCost(table: TableNumbers, { freshnessMs }: Wishes): LandingCost {
  const { changesPerDay = 0, items, sizeBytes } = table;
  const itemBytes = items === 0 ? 0 : sizeBytes / items;
  const windows = DAYS * (DAY_MS / Math.min(WINDOW_MOST_MS, Math.max(WINDOW_LEAST_MS, freshnessMs / 2)));
  const exportedBytes = Math.ceil(changesPerDay * itemBytes * DAYS);
  return {
    landing: "export",
    readUnits: 0,
    requests: Math.ceil(windows),
    exportedBytes,
    usd: exportedBytes * PRICES.exportedByte,
  };
}

function scanCost(table: TableNumbers, { freshnessMs }: Wishes): LandingCost {
  const scans = DAYS * Math.max(1, DAY_MS / freshnessMs);
  const readUnits = Math.ceil(scanUnits(table) * scans);
  return {
    landing: "scan",
    readUnits,
    requests: Math.ceil(scans * Math.ceil(table.sizeBytes / 1_048_576)),
    exportedBytes: 0,
    usd: readUnits * PRICES.readUnit,
  };
}

/** The landing that a definition amounts to. */
export function landingOf({ stream, kinesis, firehose, exports }: DynamoDbDefinition): LandingName {
  if (stream) return "stream";
  if (kinesis !== undefined) return "kinesis";
  if (firehose !== undefined) return "firehose";
  return exports === undefined ? "scan" : "export";
}
