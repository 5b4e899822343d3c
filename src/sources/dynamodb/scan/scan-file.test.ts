import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { scanFile, type ScannedFile } from "./scan-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-scan-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let files = 0;

const lines = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) => `{"Item":{"id":{"S":"k${index}"},"x${index % 3}":{"N":"${index}"}}}\n`,
  ).join("");

interface Scan {
  readonly records: number;
  readonly chunkBytes?: number;
  readonly md5?: string;
}

async function scan(bytes: Uint8Array, { records, chunkBytes = 1_000, md5 }: Scan): Promise<ScannedFile> {
  files += 1;
  const task = {
    kind: "full",
    file: "data.json.gz",
    staged: join(folder, `${files}.parquet`),
    epoch: 0,
    keys: ["id"],
    hasOldImages: false,
    known: new Map(),
    columnsMax: 1_000,
    constants: { event: "e", meta: "{}", snapshot: { operation: "R", sequence: "s", timeMicros: 0 } },
    md5: md5 ?? createHash("md5").update(bytes).digest("hex"),
    records,
    sizeBytes: bytes.length,
  } as const;
  return await scanFile(task, chunks(bytes, chunkBytes));
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

describe("a data file", () => {
  test("is the same however its bytes arrive", async () => {
    const bytes = gzipSync(lines(50));
    const whole = await scan(bytes, { records: 50, chunkBytes: bytes.length });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (chunkBytes) => {
        const pieces = await scan(bytes, { records: 50, chunkBytes });
        expect({ ...pieces, staged: { ...pieces.staged, file: "" } }).toEqual({
          ...whole,
          staged: { ...whole.staged, file: "" },
        });
      }),
      { numRuns: 20 },
    );
  });

  test("may consist of several gzip members, and lack its last newline", async () => {
    const bytes = Buffer.concat([gzipSync(lines(2)), gzipSync(lines(1).trimEnd())]);
    expect((await scan(bytes, { records: 3 })).rows).toBe(3);
  });

  test("with bytes that are not UTF-8 loses only their lines", async () => {
    const bytes = Buffer.concat([Buffer.from(lines(2)), Buffer.from([0x7b, 0xff, 0x7d, 0x0a]), Buffer.from(lines(2))]);
    const scanned = await scan(gzipSync(bytes), { records: 5 });
    expect(scanned.rows).toBe(4);
    expect(scanned.unreadable).toMatchObject([{ line: 3, reason: "the line is not UTF-8", raw: "e/99", sizeBytes: 3 }]);
  });

  test("may be empty", async () => {
    expect(await scan(gzipSync(""), { records: 0 })).toMatchObject({ rows: 0, unreadable: [] });
  });

  test.each([
    ["has bytes behind its gzip data", Buffer.concat([gzipSync(lines(2)), Buffer.from("garbage")])],
    ["has zeros behind its gzip data", Buffer.concat([gzipSync(lines(2)), Buffer.alloc(8)])],
    ["hides data behind zeros", Buffer.concat([gzipSync(lines(2)), Buffer.alloc(8), gzipSync(lines(1))])],
    ["is cut short", gzipSync(lines(2)).subarray(0, -4)],
    ["has no bytes", Buffer.alloc(0)],
    ["is no gzip", Buffer.from(lines(2))],
  ])("that %s is refused by name", async (_title, bytes) => {
    await expect(scan(bytes, { records: 2 })).rejects.toMatchObject({ code: "source.corrupt", facts: { file: "data.json.gz" } }); // prettier-ignore
  });

  test("with another checksum than the manifest's is refused", async () => {
    await expect(scan(gzipSync(lines(2)), { records: 2, md5: "0".repeat(32) })).rejects.toMatchObject({ code: "source.corrupt", facts: { expected: "0".repeat(32) } }); // prettier-ignore
  });

  test.each([1, 3])("of two lines of which the manifest says %d is refused", async (records) => {
    await expect(scan(gzipSync(lines(2)), { records })).rejects.toMatchObject({ code: "source.corrupt", facts: { lines: 2, expected: records } }); // prettier-ignore
  });

  test("that inflates to more lines than it should is given up early (A36, A37)", async () => {
    const bomb = gzipSync("{}\n".repeat(3_000_000));
    const started = files;
    await expect(scan(bomb, { records: 10 })).rejects.toMatchObject({ code: "source.corrupt" });
    expect(files).toBe(started + 1);
  });

  test("that inflates to one endless line is given up", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, 0x20));
    const endless = Buffer.concat(Array.from({ length: 17 }, () => bomb));
    await expect(scan(endless, { records: 1, chunkBytes: 65_536 })).rejects.toMatchObject({ code: "source.corrupt" });
  });
});
