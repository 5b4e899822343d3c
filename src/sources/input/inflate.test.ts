import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inflate } from "./inflate.ts";

const FILE = "AWSDynamoDB/data/a.json.gz";

/** Bytes in chunks of any size, some of which let others work first. */
const delivery = fc.record({
  text: fc.string({ maxLength: 20_000 }),
  repeated: fc.integer({ min: 1, max: 200 }),
  members: fc.integer({ min: 1, max: 3 }),
  chunk: fc.integer({ min: 1, max: 3_000 }),
  pauses: fc.boolean(),
});

type Delivery = typeof delivery extends fc.Arbitrary<infer T> ? T : never;

function bodyOf({ text, repeated, members }: Delivery): { readonly plain: Buffer; readonly bytes: Buffer } {
  const plain = Buffer.from(text.repeat(repeated));
  const cut = Math.ceil(plain.length / members);
  const parts = Array.from({ length: members }, (_, index) => plain.subarray(index * cut, (index + 1) * cut));
  return { plain, bytes: Buffer.concat(parts.map((part) => gzipSync(part, { level: 1 }))) };
}

async function* inChunks(bytes: Uint8Array, { chunk, pauses }: Delivery): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) {
    yield bytes.subarray(at, at + chunk);
    if (pauses) await setImmediate();
  }
}

describe("inflating a data file", () => {
  test("gives its text and the MD5 of its bytes, however they arrive and of however many members they are", async () => {
    await fc.assert(
      fc.asyncProperty(delivery, async (one) => {
        const { plain, bytes } = bodyOf(one);
        const chunks: Buffer[] = [];
        const { md5, sizeBytes } = await inflate(FILE, inChunks(bytes, one), (chunk) =>
          chunks.push(Buffer.from(chunk)),
        );
        expect(Buffer.concat(chunks).equals(plain)).toBe(true);
        expect({ md5, sizeBytes }).toEqual({
          md5: createHash("md5").update(bytes).digest("hex"),
          sizeBytes: bytes.length,
        });
      }),
      { numRuns: 60 },
    );
  });

  test("whatever stands behind the data, or is missing at its end, is the file's fault", async () => {
    const damages = fc.oneof(
      fc.record({ cut: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ tail: fc.uint8Array({ minLength: 1, maxLength: 5_000 }) }),
      fc.record({ zeros: fc.integer({ min: 1, max: 5_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(delivery, damages, async (one, damage) => {
        // Without its whole last member a file is whole again: that is the manifest's MD5 to tell.
        const { bytes } = bodyOf("cut" in damage ? { ...one, members: 1 } : one);
        const damaged =
          "cut" in damage
            ? bytes.subarray(0, -damage.cut)
            : Buffer.concat([bytes, "tail" in damage ? damage.tail : Buffer.alloc(damage.zeros)]);
        await expect(inflate(FILE, inChunks(damaged, one), () => undefined)).rejects.toMatchObject({
          code: "source.corrupt",
          facts: { file: FILE },
        });
      }),
      { numRuns: 150 },
    );
  });

  test("a reader that refuses a chunk, and a source that fails, fail with their own words", async () => {
    await fc.assert(
      fc.asyncProperty(delivery, fc.boolean(), fc.integer({ min: 0, max: 5 }), async (one, isSource, after) => {
        const { bytes } = bodyOf({ ...one, text: `x${one.text}` });
        const why = new Error("its own words");
        let seen = 0;
        const source = async function* (): AsyncGenerator<Uint8Array> {
          yield* inChunks(bytes.subarray(0, -1), one);
          throw why;
        };
        const read = inflate(FILE, isSource ? source() : inChunks(bytes, one), () => {
          seen += 1;
          if (!isSource && seen > after) throw why;
        });
        if (!isSource && after > 0) await read.catch((error: unknown) => expect(error).toBe(why));
        else await expect(read).rejects.toBe(why);
      }),
      { numRuns: 100 },
    );
  });
});
