import fc from "fast-check";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contentHash } from "../../../contract/index.ts";
import { takeItems } from "./raw-answer.ts";
import { Spool } from "./spool.ts";
import { addRecords } from "./stream-lines.ts";

const PLACE = { epoch: 2, label: "2026-01-01T00:00:00.000", shard: "shardId-1" };

interface Change {
  readonly name?: string;
  readonly at?: number;
  readonly newImage?: object;
  readonly oldImage?: object;
  readonly identity?: object;
}

function record(
  sequence: string,
  { name = "INSERT", at = 1_700_000_000, newImage, oldImage, identity }: Change,
): object {
  return {
    eventID: `e${sequence}`,
    eventName: name,
    ...(identity === undefined ? {} : { userIdentity: identity }),
    dynamodb: {
      ApproximateCreationDateTime: at,
      Keys: { id: { S: "a" } },
      ...(newImage === undefined ? {} : { NewImage: newImage }),
      ...(oldImage === undefined ? {} : { OldImage: oldImage }),
      SequenceNumber: sequence,
    },
  };
}

async function linesOf(
  records: readonly object[],
): Promise<{ lines: readonly Line[]; state: ReturnType<typeof addRecords> }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-lines-"));
  const spool = await Spool.create(folder, "lines");
  try {
    const { items } = takeItems(Buffer.from(JSON.stringify({ Records: records })), ["Records"]);
    const state = addRecords(spool, items, PLACE, { seconds: 0 });
    await spool.finish();
    const text = await readFile(join(folder, "lines"), "utf8");
    return {
      state,
      lines: text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Line),
    };
  } catch (error) {
    await spool.abandon();
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Line {
  readonly Stream: { readonly op: string; readonly sequence: string; readonly event: string; readonly meta: object };
  readonly Metadata: { readonly WriteTimestampMicros: { readonly N: string } };
  readonly NewImage?: object;
  readonly OldImage?: object;
}

test("a record becomes a line with its place, its images as they came", async () => {
  const image = { id: { S: "a" }, n: { N: "12345678901234567890123456789012345678" } };
  const { lines, state } = await linesOf([record("0042", { newImage: image })]);
  expect(lines).toEqual([
    {
      Stream: {
        op: "I",
        sequence: `0002-0001700000000000000-3-${"42".padStart(40, "0")}`,
        event: "stream/2026-01-01T00:00:00.000/shardId-1/0042/",
        meta: { shard: "shardId-1", eventID: "e0042" },
      },
      Metadata: { WriteTimestampMicros: { N: "1700000000000000" } },
      Keys: { id: { S: "a" } },
      NewImage: image,
    },
  ]);
  expect(state).toEqual({ seconds: 1_700_000_000, after: "0042" });
});

test("time never runs backwards along a shard, though the record keeps what it said", async () => {
  const { lines } = await linesOf([
    record("1", { at: 1_700_000_005 }),
    record("2", { at: 1_700_000_003, name: "MODIFY" }),
    record("3", { at: 1.700000009e9, name: "REMOVE" }),
  ]);
  expect(lines.map(({ Stream: { op, sequence } }) => [op, sequence.slice(5, 24)])).toEqual([
    ["I", "0001700000005000000"],
    ["U", "0001700000005000000"],
    ["D", "0001700000009000000"],
  ]);
  expect(lines.map((line) => line.Metadata.WriteTimestampMicros.N)).toEqual([
    "1700000005000000",
    "1700000003000000",
    "1700000009000000",
  ]);
});

test("a delete by TTL is told by who made it", async () => {
  const identity = { principalId: "dynamodb.amazonaws.com", type: "Service" };
  const oldImage = { id: { S: "a" } };
  const { lines } = await linesOf([
    record("1", { name: "REMOVE", oldImage, identity }),
    record("2", { name: "REMOVE", oldImage }),
  ]);
  expect(lines.map(({ Stream }) => Stream.meta)).toEqual([
    { shard: "shardId-1", eventID: "e1", userIdentity: identity, ttl: true },
    { shard: "shardId-1", eventID: "e2" },
  ]);
});

test("what Sluice published itself is passed over, what others made of it is not", async () => {
  const content = { id: { S: "a" }, n: { N: "1" } };
  const own = { ...content, _sluice: { M: { publisher: { S: "p" }, hash: { S: contentHash(content) } } } };
  const edited = { ...own, n: { N: "2" } };
  const { lines, state } = await linesOf([
    record("1", { newImage: own }),
    record("2", { name: "MODIFY", newImage: edited, oldImage: own }),
  ]);
  expect(lines.map(({ NewImage }) => NewImage)).toEqual([edited]);
  expect(state.after).toBe("2");
});

test.each<[string, object]>([
  ["no number", { ...record("1", {}), dynamodb: { Keys: {}, ApproximateCreationDateTime: 1 } }],
  ["a number that is none", record("x", {})],
  ["an operation that nobody knows", record("1", { name: "UPSERT" })],
])("a record with %s fails: nothing is left out", async (_title, broken) => {
  await expect(linesOf([record("1", {}), broken])).rejects.toMatchObject({ code: "source.corrupt" });
});

test("the items of an answer are taken out as they are spelt, and the rest is left", () => {
  const spelt = fc
    .tuple(fc.array(fc.jsonValue().map((value) => ({ value }))), fc.nat(4), fc.jsonValue())
    .map(([items, indent, other]) => ({
      items,
      other,
      text: JSON.stringify({ Before: other, Items: items, After: other }, undefined, indent),
    }));
  fc.assert(
    fc.property(spelt, ({ items, other, text }) => {
      const answer = takeItems(Buffer.from(text), ["Items"]);
      const { bytes, places } = answer.items;
      const found = items.map((_, at) => Buffer.from(bytes.subarray(places[2 * at], places[2 * at + 1])).toString());
      expect(places).toHaveLength(2 * items.length);
      expect(found.map((one) => JSON.parse(one) as unknown)).toEqual(JSON.parse(JSON.stringify(items)));
      expect(JSON.parse(Buffer.from(answer.rest).toString())).toEqual(
        JSON.parse(JSON.stringify({ Before: other, Items: [], After: other })),
      );
    }),
  );
});
