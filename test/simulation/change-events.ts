import * as fc from "fast-check";
import {
  CONTRACT_COLUMNS,
  RANK,
  encodeKey,
  encodeSequence,
  field,
  struct,
  type Operation,
  type StructType,
} from "../../src/contract/index.ts";
import type { Row } from "../../src/engine/index.ts";
import type { Channel, PlannedBatch, Source } from "../../src/sources/index.ts";

/** A change event in the words of the contract, for tests that drive the layers without a source of their own. */
export interface ChangeEvent {
  readonly operation: Operation;
  /** undefined only for `T`. */
  readonly id: string | undefined;
  /** Seconds; the sequence follows from it and from the operation's rank. */
  readonly time: number;
  readonly epoch: number;
  readonly amount: string | undefined;
  /** Seconds since the epoch at which the record expires. */
  readonly expiresAt: number | undefined;
  readonly isTtlDelete: boolean;
}

export const EVENT_SCHEMA: StructType = struct([
  ...CONTRACT_COLUMNS,
  field("id", "string", { "sluice.dynamodb.tag": "S" }),
  field("amount", "string", { "sluice.dynamodb.tag": "N" }),
  field("expires_at", "string", { "sluice.dynamodb.tag": "N" }),
]);

export function sequenceOf(event: ChangeEvent): string {
  const rank = event.operation === "T" ? RANK.truncate : event.operation === "R" ? RANK.snapshot : RANK.window;
  return encodeSequence({ epoch: event.epoch, timeMicros: BigInt(event.time) * 1_000_000n, rank });
}

/** A source whose one channel delivers the given batches, one after the other, in the order given. */
export function eventSource(batches: readonly (readonly ChangeEvent[])[]): Source {
  const channel: Channel = {
    name: "events",
    plan: async ({ last }) => {
      const done = last === undefined ? 0 : Number(last.end);
      const planned = batches.slice(done).map((_, index): PlannedBatch => ({
        epoch: 0,
        files: [],
        start: String(done + index),
        end: String(done + index + 1),
        title: `batch ${done + index}`,
      }));
      return await Promise.resolve({ batches: planned, waiting: [], skipped: [] });
    },
    stage: async (planned) => {
      const number = Number(planned.start);
      const events = batches[number] ?? [];
      return await Promise.resolve({
        relation: {
          sql: "SELECT * EXCLUDE (_batch_id, _ingestion_timestamp, _ingestion_date) FROM events",
          inputs: { events: { kind: "rows", schema: EVENT_SCHEMA, rows: events.map((event) => eventRow(event)) } },
        },
        schema: EVENT_SCHEMA,
        files: [],
        rows: events.length,
        unreadable: [],
      });
    },
  };
  return {
    system: "dynamodb",
    table: "events",
    channels: [channel],
    rebuild: () => "{}",
    locate: async () => await Promise.resolve(undefined),
  };
}

function eventRow(event: ChangeEvent): Row {
  const key = event.id === undefined ? null : encodeKey([{ tag: "S", value: event.id }]);
  const hasImage = event.operation !== "D" && event.operation !== "T";
  return {
    _event_id: `${sequenceOf(event)}/${key ?? ""}/${event.operation}`,
    _op: event.operation,
    _key: key,
    _sequence: sequenceOf(event),
    _source_ts: BigInt(event.time) * 1_000_000n,
    _source_system: "dynamodb",
    _source_table: "events",
    _batch_id: null,
    _ingest_file: null,
    _ingestion_timestamp: null,
    _ingestion_date: null,
    _before: null,
    _source_meta: event.isTtlDelete ? '{"ttl":true}' : null,
    _rescued: null,
    id: event.id ?? null,
    amount: hasImage ? (event.amount ?? null) : null,
    expires_at: hasImage && event.expiresAt !== undefined ? String(event.expiresAt) : null,
  };
}

const TIME = { min: 1_000, max: 1_060 };

/** Histories over few keys and few moments, so that events meet: equal times, deletes between images, several snapshots. */
export function histories(): fc.Arbitrary<readonly ChangeEvent[]> {
  const change = fc.record({
    operation: fc.constantFrom<Operation>("I", "U", "R", "D"),
    id: fc.constantFrom("a", "b", "c", "d", "e|%"),
    time: fc.integer(TIME),
    epoch: fc.constantFrom(0, 0, 0, 1),
    amount: fc.constantFrom("1", "2.50", "-3", "99999999999999.99"),
    expiresAt: fc.option(fc.integer(TIME), { nil: undefined }),
    isTtlDelete: fc.boolean(),
  });
  const truncate = fc.record({
    operation: fc.constant<Operation>("T"),
    id: fc.constant(undefined),
    time: fc.integer(TIME),
    epoch: fc.constantFrom(0, 1),
    amount: fc.constant(undefined),
    expiresAt: fc.constant(undefined),
    isTtlDelete: fc.constant(false),
  });
  const event: fc.Arbitrary<ChangeEvent> = fc.oneof(
    { weight: 9, arbitrary: change },
    { weight: 1, arbitrary: truncate },
  );
  return fc.array(event, { minLength: 1, maxLength: 40 }).map((events) => oneRecordPerSequence(events));
}

/** A source gives one record a key and sequence; the same record may be delivered again. */
function oneRecordPerSequence(events: readonly ChangeEvent[]): ChangeEvent[] {
  const first = new Map<string, ChangeEvent>();
  return events.map((event) => {
    const place = `${event.id ?? "*"}/${sequenceOf(event)}`;
    const known = first.get(place) ?? event;
    first.set(place, known);
    return known;
  });
}

/** The same events in another order, some delivered again, cut into batches anywhere. */
export function deliveries(events: readonly ChangeEvent[]): fc.Arbitrary<readonly (readonly ChangeEvent[])[]> {
  const repeated = fc.subarray([...events]).map((again) => [...events, ...again]);
  const shuffled = repeated.chain((all) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
  return shuffled.chain((all) =>
    fc.uniqueArray(fc.integer({ min: 1, max: Math.max(1, all.length - 1) }), { maxLength: 5 }).map((cuts) => {
      const bounds = [0, ...cuts.filter((cut) => cut < all.length).toSorted((a, b) => a - b), all.length];
      return bounds.slice(1).map((end, index) => all.slice(bounds[index], end));
    }),
  );
}
