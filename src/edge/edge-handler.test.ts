import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamsRecord, type Change } from "../../test/builders/change-record.ts";
import { item, type Item } from "../../test/builders/dynamodb-item.ts";
import { simulatedWorld } from "../base/index.ts";
import { filteredChange, projectItem, type ItemFilter } from "../contract/index.ts";
import { edgeHandler, type Deliver, type EdgeOptions, type StreamRecord } from "./index.ts";

const MICROS = 1_772_323_200_000_000;

function record(change: Omit<Change, "micros">, sequence: string): StreamRecord {
  return streamsRecord({ micros: MICROS, ...change }, sequence) as StreamRecord;
}

function put(id: string, sequence: string, more: Parameters<typeof item>[0] = {}): StreamRecord {
  return record({ id, after: item({ id, ...more }) }, sequence);
}

async function noRoom(): Promise<void> {
  return await Promise.reject(new Error("no room"));
}

/** A delivery stream that refuses what it is told to, and keeps what it took. */
class Stream {
  readonly taken: StreamRecord[] = [];
  readonly requests: number[] = [];
  readonly problems: string[] = [];
  refuse: (record: StreamRecord) => boolean = () => false;

  readonly deliver: Deliver = async (records) => {
    await Promise.resolve();
    this.requests.push(records.length);
    return records.map((bytes) => {
      const text = Buffer.from(bytes).toString("utf8");
      if (!text.endsWith("\n")) throw new Error("a record is a line");
      const one = JSON.parse(text) as StreamRecord;
      if (this.refuse(one)) return "ServiceUnavailableException: slow down";
      this.taken.push(one);
      return undefined;
    });
  };

  handler(options: Partial<EdgeOptions> = {}): ReturnType<typeof edgeHandler> {
    const onProblem = (message: string): void => void this.problems.push(message);
    return edgeHandler({ keys: ["id"], deliver: this.deliver, world: simulatedWorld(1), onProblem, ...options });
  }

  get numbers(): readonly (string | undefined)[] {
    return this.taken.map(({ dynamodb }) => dynamodb?.SequenceNumber);
  }
}

describe("the function at the edge", () => {
  test("passes on what the filter lets through, with the attributes that it keeps, and all that says where it belongs", async () => {
    const stream = new Stream();
    const handler = stream.handler({ where: { status: "open" }, attributes: ["status"] });
    const open = item({ id: "a", status: "open", note: "x" });
    const done = item({ id: "a", status: "done", note: "x" });
    const Records = [
      record({ id: "a", after: open }, "1"),
      record({ id: "a", after: done, before: open }, "2"),
      record({ id: "b", after: item({ id: "b", status: "done" }) }, "3"),
      record({ id: "c", before: open, isTtl: true }, "4"),
    ];
    expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
    const [first, left, gone] = stream.taken;
    expect(stream.numbers).toEqual(["1", "2", "4"]);
    expect(first).toEqual({
      ...Records[0],
      dynamodb: { ...Records[0]?.dynamodb, NewImage: item({ id: "a", status: "open" }) },
    });
    expect(left).toMatchObject({ eventName: "REMOVE", dynamodb: { OldImage: item({ id: "a", status: "open" }) } });
    expect(left?.dynamodb?.NewImage).toBeUndefined();
    expect(gone).toMatchObject({ eventName: "REMOVE", userIdentity: { principalId: "dynamodb.amazonaws.com" } });
  });

  test("passes everything on as it came where there is no filter", async () => {
    const stream = new Stream();
    const Records = [put("a", "1", { n: 1, deep: { list: [1, "x", null] } }), record({ id: "a", before: item({ id: "a" }) }, "2")]; // prettier-ignore
    await stream.handler()({ Records });
    expect(stream.taken).toEqual(Records);
  });

  test("drops what Sluice itself published", async () => {
    const stream = new Stream();
    const marker = { publisher: "p", mark: true };
    await stream.handler({ attributes: ["v"] })({
      Records: [put("a", "1", { _sluice: marker }), put("b", "2", { v: 1 })],
    });
    expect(stream.numbers).toEqual(["2"]);
  });

  test("delivers again what was refused, and nothing twice in one call", async () => {
    const stream = new Stream();
    let refusals = 0;
    stream.refuse = (one) => one.dynamodb?.SequenceNumber === "2" && (refusals += 1) <= 3;
    expect(await stream.handler()({ Records: ["1", "2", "3"].map((at) => put(at, at)) })).toEqual({
      batchItemFailures: [],
    });
    expect(stream.numbers).toEqual(["1", "3", "2"]);
    expect(stream.requests).toEqual([3, 1, 1, 1]);
    expect(stream.problems).toEqual([]);
  });

  test("reports what is refused for good, in the order of the stream, and says why", async () => {
    const stream = new Stream();
    stream.refuse = ({ dynamodb }) => ["2", "4"].includes(dynamodb?.SequenceNumber ?? "");
    const answer = await stream.handler()({ Records: ["1", "2", "3", "4"].map((at) => put(at, at)) });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }, { itemIdentifier: "4" }] });
    expect(stream.problems).toEqual([
      expect.stringMatching(/change 2 of the stream: ServiceUnavailable/),
      expect.stringMatching(/change 4 of the stream/),
    ]);
  });

  test.each<[string, Deliver]>([
    ["throws", async () => await Promise.reject(new Error("no network"))],
    ["says nothing of a record", async () => await Promise.resolve([])],
  ])("takes nothing for delivered when the delivery %s", async (_title, deliver) => {
    const stream = new Stream();
    const answer = await stream.handler({ deliver })({ Records: [put("a", "1"), put("b", "2")] });
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: "1" }, { itemIdentifier: "2" }]);
    expect(stream.problems).toHaveLength(2);
  });

  test("keeps to what a request may hold", async () => {
    const stream = new Stream();
    await stream.handler()({ Records: Array.from({ length: 501 }, (_, at) => put(String(at), String(at))) });
    expect(stream.requests).toEqual([500, 1]);
    stream.requests.length = 0;
    const large = Array.from({ length: 9 }, (_, at) => put(String(at), String(at), { text: "x".repeat(900_000) }));
    await stream.handler()({ Records: large });
    expect(stream.requests).toEqual([4, 4, 1]);
  });

  test("says so when a record is larger than Firehose takes, and fails or keeps it, as it was told", async () => {
    const stream = new Stream();
    const Records = [put("a", "1"), put("b", "2", { text: "\u0001".repeat(200_000) }), put("c", "3")];
    expect(await stream.handler()({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }] });
    expect(stream.problems).toEqual([expect.stringMatching(/change 2 .* has 12\d{5} bytes, Firehose takes 1024000/)]);
    const kept: string[] = [];
    const keepTooLarge: EdgeOptions["keepTooLarge"] = async (bytes, number) => {
      await Promise.resolve();
      kept.push(`${number}: ${(JSON.parse(Buffer.from(bytes).toString()) as StreamRecord).eventName}`);
    };
    expect(await stream.handler({ keepTooLarge })({ Records })).toEqual({ batchItemFailures: [] });
    expect(kept).toEqual(["2: INSERT"]);
    const answer = await stream.handler({ keepTooLarge: noRoom })({ Records });
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: "2" }]);
  });

  test("tells what is wrong with its filter", () => {
    const stream = new Stream();
    expect(() => stream.handler({ where: { total: { gte: true } } })).toThrow(
      /where\.total\.gte: expected a value of type/,
    );
  });
});

function imageOf(v: number | undefined): Item | undefined {
  return v === undefined ? undefined : item({ id: "k", v, w: v });
}

test("what the function lets through is what the lake's own filter does, for any history", async () => {
  const filter: ItemFilter = { where: [{ attribute: "v", is: "gte", value: { N: "5" } }], attributes: ["id", "v"] };
  const value = fc.option(fc.nat(9), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value), { maxLength: 20 }), async (steps) => {
      const changes = steps.filter((step) => step.some((v) => v !== undefined));
      const Records = changes.map(([before, after], at) =>
        record({ id: "k", before: imageOf(before), after: imageOf(after) }, String(at)),
      );
      const stream = new Stream();
      await stream.handler({ where: { v: { gte: 5 } }, attributes: ["v"] })({ Records });
      const expected = Records.flatMap(({ eventName, dynamodb }) => {
        const newImage = dynamodb?.NewImage;
        const oldImage = dynamodb?.OldImage;
        const seen = filteredChange(filter, { newImage, oldImage, isInsert: eventName === "INSERT" });
        if (seen === "skip") return [];
        const isThere = seen === "keep" && newImage !== undefined;
        return [[dynamodb?.SequenceNumber, isThere ? projectItem(filter, newImage) : undefined]];
      });
      expect(stream.taken.map(({ dynamodb }) => [dynamodb?.SequenceNumber, dynamodb?.NewImage])).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});
