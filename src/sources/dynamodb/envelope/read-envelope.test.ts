import { describe, expect, test } from "vitest";
import { kinesisRecord, streamsRecord, type Change } from "../../../../test/builders/change-record.ts";
import { item, number } from "../../../../test/builders/dynamodb-item.ts";
import { eventMicros } from "./event-time.ts";
import { ForeignRecord, NoRecord, readEnvelope, type Envelope } from "./read-envelope.ts";

const MICROS = 1_772_323_200_123_456;
const PUT: Change = {
  id: "a",
  micros: MICROS,
  after: item({ id: "a", total: number("12.50"), tags: new Set(["x", "y"]) }),
};

function read(record: object | string): Envelope {
  return readEnvelope(Buffer.from(typeof record === "string" ? record : JSON.stringify(record)), 0);
}

describe("the time of a change", () => {
  test.each([
    ["microseconds", "1772323200123456", "MICROSECOND", MICROS],
    ["milliseconds", "1772323200123", "MILLISECOND", 1_772_323_200_123_000],
    ["milliseconds of records that do not say so", "1772323200123", undefined, 1_772_323_200_123_000],
    ["microseconds of records that do not say so", "1772323200123456", undefined, MICROS],
    ["seconds of a stream", "1772323200", undefined, 1_772_323_200_000_000],
    ["seconds as Java writes them", "1.7723232E9", undefined, 1_772_323_200_000_000],
    ["seconds with a fraction", "1772323200.123", undefined, 1_772_323_200_123_000],
    ["another precision", "1772323200", "NANOSECOND", undefined],
    ["a text", '"2026-03-01"', undefined, undefined],
    ["nothing", "", undefined, undefined],
    ["a time before 1970", "-1", undefined, undefined],
    ["a time that a double does not hold", "99999999999999999", "MICROSECOND", undefined],
  ])("%s", (_title, text, precision, micros) => {
    expect(eventMicros(text, precision)).toBe(micros);
  });
});

describe("a record of Kinesis Data Streams for DynamoDB", () => {
  test("says its table, what was done, when, and by whom", () => {
    expect(read(kinesisRecord(PUT))).toMatchObject({
      table: "orders",
      operation: "I",
      micros: MICROS,
      origin: "kinesis",
    });
    const before = item({ id: "a" });
    expect(read(kinesisRecord({ ...PUT, before })).operation).toBe("U");
    const gone = read(kinesisRecord({ id: "a", micros: MICROS, before, isTtl: true }));
    expect(gone.operation).toBe("D");
    expect(JSON.parse(`{${gone.meta}}`)).toMatchObject({
      ttl: true,
      envelope: { userIdentity: { principalId: "dynamodb.amazonaws.com" }, recordFormat: "application/json" },
      change: { SizeBytes: 42, ApproximateCreationDateTimePrecision: "MICROSECOND" },
    });
  });

  test("stands where its content says: the same however it is spelt and however often it comes", () => {
    const { position } = read(kinesisRecord(PUT));
    expect(position).toMatch(/^[0-9a-f]{40}$/);
    expect(read(kinesisRecord(PUT, { eventId: "another" })).position).toBe(position);
    const spelt = item({ tags: new Set(["y", "x"]), total: number("12.5"), id: "a" });
    expect(read(JSON.stringify(kinesisRecord({ ...PUT, after: spelt }), undefined, 1)).position).toBe(position);
    const others: readonly Change[] = [
      { ...PUT, after: item({ id: "a", total: number("12.51"), tags: new Set(["x", "y"]) }) },
      { ...PUT, before: item({ id: "a" }) },
      { id: "a", micros: MICROS, before: PUT.after },
      { id: "a", micros: MICROS, before: PUT.after, isTtl: true },
      { ...PUT, after: item({ id: "a", total: "12.50", tags: new Set(["x", "y"]) }) },
    ];
    const positions = others.map((other) => read(kinesisRecord(other)).position);
    expect(new Set([position, ...positions]).size).toBe(1 + others.length);
  });
});

describe("a record of DynamoDB Streams that was passed on", () => {
  test("stands where the stream says, at whole seconds", () => {
    const envelope = read(streamsRecord(PUT, "111222"));
    expect(envelope).toMatchObject({
      table: "orders",
      operation: "I",
      origin: "streams",
      micros: 1_772_323_200_000_000,
    });
    expect(envelope.position).toBe("111222".padStart(40, "0"));
  });
});

test("a record with keys alone says that it has no image", () => {
  const bare = readEnvelope(Buffer.from(JSON.stringify(kinesisRecord(PUT)).replace('"NewImage"', '"New"')), 0);
  expect(JSON.parse(`{${bare.meta}}`)).toMatchObject({ image: "none" });
});

describe("what is no change", () => {
  const record = kinesisRecord(PUT) as { dynamodb: object };
  test.each<[string, object | string, RegExp]>([
    ["has no change in it", { id: "a" }, /no member dynamodb/],
    ["was done by nobody knows what", { ...record, eventName: "TOUCH" }, /eventName/],
    ["has no time", { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: "x" } }, /no time/],
    ["has no key", { ...record, dynamodb: { ...record.dynamodb, Keys: null } }, /no Keys/],
    ["says something twice", '{"eventName":"INSERT","eventName":"REMOVE","dynamodb":{}}', /two members/],
    ["is no JSON", '{"awsRegion":eu,"eventName":"INSERT"}', /no JSON|dynamodb/],
  ])("%s", (_title, wrong, reason) => {
    expect(() => read(wrong)).toThrow(NoRecord);
    expect(() => read(wrong)).toThrow(reason);
  });

  test("is no JSON between brackets that fit", () => {
    const text = JSON.stringify(record).replace('"eu-central-1"', "eu-central-1");
    expect(() => read(text)).toThrow(NoRecord);
  });

  test.each([
    ["logs", { messageType: "DATA_MESSAGE", logGroup: "g", logEvents: [] }],
    ["failures", { attemptsMade: 4, errorCode: "Lambda.FunctionError", rawData: "e30=" }],
  ])("of another service: %s", (_title, wrong) => {
    expect(() => read(wrong)).toThrow(ForeignRecord);
  });
});
