import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RANK, encodeSequence } from "../../src/contract/index.ts";
import { readEnvelope } from "../../src/sources/dynamodb/envelope/read-envelope.ts";
import { kinesisRecord, streamsRecord, type Change } from "../builders/change-record.ts";
import { item } from "../builders/dynamodb-item.ts";

const SEED = process.env["SLUICE_SEED"];
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 20_000 : 200;

/** One event of a key as Bronze has it. */
interface Event {
  readonly name: string;
  readonly sequence: string;
  readonly value: string | undefined;
}

function eventOf(record: object, change: Change): Event {
  const { origin, operation, micros, position } = readEnvelope(Buffer.from(JSON.stringify(record)), 0);
  const sequence = encodeSequence({ epoch: 0, timeMicros: BigInt(micros), rank: RANK.stream, position });
  const value = operation === "D" ? undefined : String(change.after?.["v"]?.["N"]); // oxlint-disable-line typescript/no-base-to-string
  return { name: `${origin}/${micros}/${position}/${change.id}`, sequence, value };
}

/** A key's history, at most some within a second. */
const history = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 800_000 }), isDelete: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((steps): readonly Change[] => {
    let micros = 1_772_323_200_000_000;
    let before: Change["before"];
    return steps.map(({ gap, isDelete }, at): Change => {
      micros += gap;
      const after = isDelete && before !== undefined ? undefined : item({ id: "k", v: at });
      const change = { id: "k", micros, before, after };
      before = after;
      return change;
    });
  });

describe("a write that the stream and Kinesis both tell of", () => {
  test("is two events and one state, however often, and in whatever order, they are delivered", () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat()), fc.infiniteStream(fc.nat()), (changes, again, order) => {
        const events = changes.flatMap((change, at) => [
          eventOf(kinesisRecord(change), change),
          eventOf(streamsRecord(change, String(100 + at)), change),
        ]);
        const repeated = again.map((at) => {
          const change = changes[at % changes.length] as Change;
          return eventOf(kinesisRecord(change, { eventId: `again ${at}` }), change);
        });
        const delivered = [...events, ...repeated]
          .map((event): [number, Event] => [order.next().value as number, event])
          .toSorted(([left], [right]) => left - right)
          .map(([, event]) => event);
        expect(new Set(delivered.map(({ name }) => name)).size).toBe(2 * changes.length);
        const newest = delivered.reduce((best, one) => (one.sequence > best.sequence ? one : best));
        expect(newest.value).toBe(events.at(-1)?.value);
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
  });
});
