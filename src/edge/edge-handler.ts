import { realWorld, type World } from "../base/index.ts";
import { itemFilterOf, type ItemWhere } from "../definition/index.ts";
import { deliverAll, type Deliver } from "./deliver.ts";
import { filteredRecord } from "./filtered-record.ts";
import type { StreamEvent, StreamRecord, StreamResponse } from "./stream-event.ts";

/** `keys`, `ttl`, `where` and `attributes` are those of `dynamodb({ … })`: one value may serve both. */
export interface EdgeOptions {
  readonly keys: readonly string[];
  readonly ttl?: string;
  readonly where?: ItemWhere;
  readonly attributes?: readonly string[];
  readonly deliver: Deliver;
  /**
   * Keeps a record that is too large for Firehose, as JSON. Without it such a record fails, and Lambda's own rules for failures decide.
   */
  readonly keepTooLarge?: (record: Uint8Array, sequenceNumber: string) => Promise<void>;
  /** Told what went wrong; written to standard error unless given. */
  readonly onProblem?: (message: string) => void;
  readonly world?: World;
}

/** AWS, "Amazon Data Firehose quotas": 1,000 KiB a record, before it is encoded. */
const RECORD_BYTES_MOST = 1_024_000;

/**
 * A function for Lambda that passes the changes of a table's stream on, filtered. What could not be delivered is reported by its number,
 * so that Lambda goes on from there (`ReportBatchItemFailures`); what came behind it comes again, and Sluice knows it by its number.
 * Fails with `config.invalid` when the filter cannot be read.
 */
export function edgeHandler(options: EdgeOptions): (event: StreamEvent) => Promise<StreamResponse> {
  const { keys, ttl } = options;
  const filter = itemFilterOf(options, ttl === undefined ? keys : [...keys, ttl]);
  const { deliver, keepTooLarge, world = realWorld(), onProblem = toStandardError } = options;
  return async ({ Records }) => {
    const failed = new Set<StreamRecord>();
    const fail = (record: StreamRecord, why: string): void => {
      failed.add(record);
      onProblem(`Cannot deliver change ${numberOf(record)} of the stream: ${why}`);
    };
    const sent: { readonly record: StreamRecord; readonly bytes: Uint8Array }[] = [];
    for (const record of Records) {
      const passed = filteredRecord(record, filter);
      if (passed === undefined) continue;
      // A line each, so that whatever reads the files finds the records.
      const bytes = Buffer.from(`${JSON.stringify(passed)}\n`, "utf8");
      if (bytes.length <= RECORD_BYTES_MOST) sent.push({ record, bytes });
      else if (keepTooLarge === undefined)
        fail(record, `it has ${bytes.length} bytes, Firehose takes ${RECORD_BYTES_MOST}`);
      else await keepTooLarge(bytes, numberOf(record)).catch((error: unknown) => fail(record, String(error)));
    }
    const left = await deliverAll(sent.map(({ bytes }) => bytes), deliver, world); // prettier-ignore
    for (const { index, why } of left) {
      const record = sent[index]?.record;
      if (record !== undefined) fail(record, why);
    }
    return { batchItemFailures: Records.filter((record) => failed.has(record)).map((record) => ({ itemIdentifier: numberOf(record) })) }; // prettier-ignore
  };
}

function numberOf({ dynamodb }: StreamRecord): string {
  return dynamodb?.SequenceNumber ?? "";
}

function toStandardError(message: string): void {
  process.stderr.write(`${message}\n`);
}
