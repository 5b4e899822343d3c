import { expect, test } from "vitest";
import { realWorld, seededRandom } from "../../base/index.ts";
import { memoryStore } from "../../storage/index.ts";
import { batchLog } from "./batch-log.ts";

const PATH = "batches/orders/progress/stream.json";
const END = JSON.stringify({ format: 1, streamArn: "arn:stream/1", shards: { "shardId-1": { after: "4711" } } });

test("what a channel learnt since its last batch is read back, for that batch alone", async () => {
  const log = batchLog(memoryStore({ world: realWorld() }), "orders");
  expect(await log.moved("stream", 3)).toEqual({ kind: "none" });
  await log.remember("stream", 3, END);
  expect(await log.moved("stream", 3)).toEqual({ kind: "moved", end: END });
  expect(await log.moved("stream", 4)).toEqual({ kind: "none" });
});

test("whatever damages it, nothing is read from it but what was written: no position is ever made up", async () => {
  const store = memoryStore({ world: realWorld() });
  const log = batchLog(store, "orders");
  await log.remember("stream", 3, END);
  const whole = await store.read(PATH);
  const random = seededRandom(35);
  for (let round = 0; round < 500; round += 1) {
    const bytes = Uint8Array.from(whole);
    const at = Math.floor(random() * bytes.length);
    const damaged = round % 5 === 0 ? bytes.subarray(0, at) : bytes;
    if (damaged.length > at) damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 7));
    await store.replace(PATH, damaged);
    const progress = await log.moved("stream", 3);
    if (progress.kind === "moved") expect(progress.end).toBe(END);
    // Another batch's is none of ours: the channel goes on from its own.
    else expect(progress).toEqual({ kind: "damaged", path: PATH });
  }
});

test("it is read as the first format had it, without a digest", async () => {
  const store = memoryStore({ world: realWorld() });
  await store.replace(PATH, new TextEncoder().encode(JSON.stringify({ format: 1, batch: 3, end: END })));
  expect(await batchLog(store, "orders").moved("stream", 3)).toEqual({ kind: "moved", end: END });
});
