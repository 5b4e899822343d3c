import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realWorld } from "../../base/index.ts";
import type { PrimitiveName } from "../../contract/index.ts";
import { duckdbEngine, quoteLiteral, valueFromText, type Engine, type Value } from "../../engine/index.ts";
import { readableRescued } from "./rescued-text.ts";

let engine: Engine;
let spill: string;

beforeAll(async () => {
  spill = await mkdtemp(join(tmpdir(), "sluice-text-"));
  engine = await duckdbEngine({ memoryBytes: 256 * 2 ** 20, threads: 1, spillFolder: spill, world: realWorld() });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(spill, { recursive: true, force: true });
});

async function read(text: string, type: PrimitiveName): Promise<Value | undefined> {
  const [row] = await engine.rows({
    sql: `SELECT ${valueFromText("t", type)} AS v FROM (SELECT ${quoteLiteral(text)} AS t)`,
    inputs: {},
  });
  return row?.["v"];
}

test.each<readonly [PrimitiveName, string, Value]>([
  ["long", "9223372036854775807", 9223372036854775807n],
  ["long", "9223372036854775808", null],
  ["long", "12.0", 12n],
  ["long", "12.5", null],
  ["long", "1E3", 1000n],
  ["long", " 12", null],
  ["long", "1_000", null],
  ["integer", "2147483648", null],
  ["decimal(18,2)", "35.4", "35.40"],
  ["decimal(18,2)", "35.400", "35.40"],
  ["decimal(18,2)", "35.405", null],
  ["decimal(18,2)", "1.5E1", "15.00"],
  ["decimal(18,2)", "1.2345E1", null],
  ["decimal(38,0)", "12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
  ["decimal(4,2)", "100", null],
  ["decimal(4,2)", "", null],
  ["decimal(4,2)", ".", null],
  ["decimal(4,2)", "-.5", "-0.50"],
  ["double", "NaN", null],
  ["double", "1e400", null],
  ["double", "0.1", 0.1],
  ["boolean", "true", true],
  ["boolean", "1", null],
  ["date", "2026-02-28", "2026-02-28"],
  ["date", "2026-02-30", null],
  ["date", "2026-02-28T00:00:00Z", null],
  ["timestamp", "2026-01-01T00:00:00.123456Z", 1767225600123456n],
  ["timestamp", "2026-01-01T01:00:00+01:00", 1767225600000000n],
  ["timestamp", "2026-01-01T00:00:00", 1767225600000000n],
  ["timestamp", "2026-01-01T00:00:00.1234567Z", null],
  ["timestamp", "1767225600", null],
  ["timestamp_ntz", "2026-01-01T00:00:00", 1767225600000000n],
  ["timestamp_ntz", "2026-01-01T00:00:00Z", null],
  ["binary", "AAAA", null],
])("%s out of %j is %s", async (type, text, value) => {
  expect(await read(text, type)).toEqual(value);
});

test("a decimal is read exactly or not at all", async () => {
  const number = fc.tuple(fc.bigInt(-(10n ** 16n), 10n ** 16n), fc.integer({ min: 0, max: 6 }));
  await fc.assert(
    fc.asyncProperty(number, async ([unscaled, scale]) => {
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
      const text = `${unscaled < 0n ? "-" : ""}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
      const kept = await read(text, "decimal(20,3)");
      const fraction = scale === 0 ? "" : digits.slice(-scale).replace(/0+$/, "");
      if (fraction.length > 3) expect(kept).toBeNull();
      else expect(asThousandths(String(kept))).toBe((unscaled * 10n ** BigInt(6 - scale)) / 1000n);
    }),
    { numRuns: 60 },
  );
});

function asThousandths(text: string): bigint {
  return BigInt(text.replace(".", ""));
}

test("lone surrogates are read as U+FFFD, everything else stays as it is", async () => {
  const text = String.raw`{"a":"\ud83d\ude00 \ud800 \\ud800 \udc00\ud800","b":"é"}`;
  const [row] = await engine.rows({
    sql: `SELECT json_extract_string(${readableRescued("t")}, '/a') AS a, json_extract_string(${readableRescued("t")}, '/b') AS b
      FROM (SELECT ${quoteLiteral(text)} AS t)`,
    inputs: {},
  });
  expect(row?.["a"]).toBe("\u{1F600} \uFFFD \\ud800 \uFFFD\uFFFD");
  expect(row?.["b"]).toBe("é");
});
