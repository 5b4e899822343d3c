import { expect, test } from "vitest";
import { CONTRACT_COLUMNS, TAG_KEY, field, struct } from "../../../contract/index.ts";
import { rebuildRecord } from "../rebuild-record.ts";
import { NO_IMAGE, lacksImage, withImage, withoutImage, withoutItem } from "./event-images.ts";

const LINE = Buffer.from(
  `{"Stream":{"op":"U","sequence":"0000-1","event":"stream/1/s/7/","meta":{${NO_IMAGE}"shard":"s"}},"Keys":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"},"text":{"S":"\\"meta\\":{\\"image\\":\\"none\\""}}}`,
);

test("an item becomes the image of a line, and says when it was read", () => {
  expect(lacksImage(LINE)).toBe(true);
  const item = Buffer.from('{"id":{"S":"a"},"n":{"N":"1"}}');
  const line = Buffer.concat(withImage(LINE, { image: [item], readMs: 1_700_000_000_000 }));
  expect(lacksImage(line)).toBe(false);
  const { Stream, NewImage, OldImage } = JSON.parse(line.toString()) as Record<string, Record<string, unknown>>;
  expect(Stream?.["meta"]).toEqual({ image: "fetched", fetchedAt: "2023-11-14T22:13:20.000Z", shard: "s" });
  expect(NewImage).toEqual({ id: { S: "a" }, n: { N: "1" } });
  expect(OldImage).toEqual({ id: { S: "a" }, text: { S: '"meta":{"image":"none"' } });
});

test("an item that the filter leaves out is gone for the lake", () => {
  const line = Buffer.concat(withoutItem(LINE, 1_700_000_000_000));
  const { Stream, ...rest } = JSON.parse(line.toString()) as Record<string, Record<string, unknown>>;
  const meta = { image: "fetched", fetchedAt: "2023-11-14T22:13:20.000Z", left: "MODIFY", shard: "s" };
  expect(Stream).toMatchObject({ op: "D", sequence: "0000-1", meta });
  expect(Object.keys(rest)).toEqual(["Keys", "OldImage"]);
});

test("a line without an image says why", () => {
  const line = JSON.parse(Buffer.concat(withoutImage(LINE, "gone")).toString()) as typeof LINE & {
    readonly Stream: object;
  };
  expect(line.Stream).toMatchObject({ meta: { image: "gone", shard: "s" } });
});

const tagged = (name: string, tag: string) => field(name, "string", { [TAG_KEY]: tag });

const row = (image: string, more: object) => ({
  _op: "U",
  _event_id: "stream/1/s/7/S:a",
  _source_ts: 1_700_000_000_000_000n,
  _source_meta: JSON.stringify({ stream: "1", image, shard: "s", eventID: "e7" }),
  id: "a",
  ...more,
});

test("the record comes back as the stream gave it: an item that was fetched is no part of it", () => {
  const schema = struct([...CONTRACT_COLUMNS, tagged("id", "S"), tagged("n", "N")]);
  const record =
    '{"eventID":"e7","eventName":"MODIFY","dynamodb":{"ApproximateCreationDateTime":1700000000,"Keys":{"id":{"S":"a"}},"SequenceNumber":"7"}}';
  expect(rebuildRecord(row("none", { n: null }), schema, ["id"])).toBe(record);
  expect(rebuildRecord(row("fetched", { n: "1" }), schema, ["id"])).toBe(record);
});
