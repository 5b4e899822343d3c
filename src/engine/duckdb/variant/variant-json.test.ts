import { describe, expect, test } from "vitest";
import { simulatedWorld } from "../../../base/index.ts";
import { variantJson } from "./variant-json.ts";

describe("a variant as JSON", () => {
  test.each<[string, Uint8Array, string]>([
    ["null", primitive(0), "null"],
    ["true", primitive(1), "true"],
    ["false", primitive(2), "false"],
    ["byte", primitive(3, whole(-5n, 1)), "-5"],
    ["short", primitive(4, whole(-300n, 2)), "-300"],
    ["int", primitive(5, whole(70_000n, 4)), "70000"],
    ["long", primitive(6, whole(-9_223_372_036_854_775_808n, 8)), "-9223372036854775808"],
    ["double", primitive(7, double(0.1 + 0.2)), "0.30000000000000004"],
    ["double that is whole", primitive(7, double(3)), "3.0"],
    ["double with an exponent", primitive(7, double(1e22)), "1e+22"],
    ["least double", primitive(7, double(5e-324)), "5e-324"],
    ["negative zero", primitive(7, double(-0)), "-0.0"],
    ["no number", primitive(7, double(Number.NaN)), '"NaN"'],
    ["infinity", primitive(7, double(-Infinity)), '"-Infinity"'],
    ["float", primitive(14, float(0.1)), "0.1"],
    ["largest float", primitive(14, float(3.4028234663852886e38)), "3.4028235e+38"],
    ["decimal of 4 bytes", primitive(8, [2], whole(110n, 4)), "1.10"],
    ["decimal of 8 bytes", primitive(9, [10], whole(-12_345_678_901_234_567n, 8)), "-1234567.8901234567"],
    ["decimal of 16 bytes", primitive(10, [38], whole(5n, 16)), `0.${"5".padStart(38, "0")}`],
    ["date", primitive(11, whole(18_262n, 4)), '"2020-01-01"'],
    ["date before 1970", primitive(11, whole(-719_162n, 4)), '"0001-01-01"'],
    ["date of a leap year", primitive(11, whole(11_016n, 4)), '"2000-02-29"'],
    ["date far away", primitive(11, whole(2_932_897n, 4)), '"+10000-01-01"'],
    ["timestamp", primitive(12, whole(1_577_840_523_123_450n, 8)), '"2020-01-01 01:02:03.12345+00:00"'],
    ["timestamp before 1970", primitive(12, whole(-1n, 8)), '"1969-12-31 23:59:59.999999+00:00"'],
    ["local timestamp", primitive(13, whole(1_577_840_523_000_000n, 8)), '"2020-01-01 01:02:03"'],
    ["bytes", primitive(15, whole(2n, 4), [0xaa, 0]), '"qgA="'],
    ["text", primitive(16, whole(5n, 4), [...Buffer.from('a"\n\u0001b')]), String.raw`"a\"\n\u0001b"`],
    ["short text", Uint8Array.of((2 << 2) | 1, ...Buffer.from("ü")), '"ü"'],
    ["time", primitive(17, whole(3_723_500_000n, 8)), '"01:02:03.5"'],
    ["nanoseconds", primitive(18, whole(1n, 8)), '"1970-01-01 00:00:00.000000001+00:00"'],
    [
      "uuid",
      primitive(20, [...Buffer.from("00112233445566778899aabbccddeeff", "hex")]),
      '"00112233-4455-6677-8899-aabbccddeeff"',
    ],
    ["empty object", Uint8Array.of(2, 0, 0), "{}"],
    [
      "list",
      Uint8Array.of(3, 3, 0, 1, 3, 5, ...primitive(0), ...primitive(3, [1]), ...primitive(3, [2])),
      "[null,1,2]",
    ],
    ["large list", Uint8Array.of((0b101 << 2) | 3, 1, 0, 0, 0, 0, 0, 1, 0, ...primitive(0)), "[null]"],
    ["object", Uint8Array.of(2, 2, 0, 1, 2, 0, 4, ...primitive(3, [7]), ...primitive(4, [8, 0])), '{"a":8,"b\\"":7}'],
  ])("%s", (_, value, expected) => {
    const text = variantJson(NAMES, value);
    expect(text).toBe(expected);
    expect(JSON.parse(text)).toBeDefined();
  });

  test.each<[string, Uint8Array, Uint8Array, string]>([
    ["is empty", NAMES, Uint8Array.of(), "cut off"],
    ["is cut off", NAMES, primitive(6, [1, 2]), "cut off"],
    ["has a name that is not there", NAMES, Uint8Array.of(2, 1, 9, 0, 1, 0), "no name 9"],
    ["is of an unknown type", NAMES, primitive(63), "type 63"],
    ["has text that is not UTF-8", NAMES, Uint8Array.of((1 << 2) | 1, 0xff), "UTF-8"],
    ["has an unknown version", Uint8Array.of(2, 0, 0), primitive(0), "version 2"],
    ["has too large a scale", NAMES, primitive(8, [39], whole(1n, 4)), "39 digits"],
    [
      "contains itself",
      NAMES,
      Uint8Array.of(3, 1, 0, 1, ...Array.from({ length: 600 }, () => [3, 1, 0, 1]).flat(), 0),
      "500 levels",
    ],
  ])("that %s is refused", (_, metadata, value, why) => {
    expect(() => variantJson(metadata, value)).toThrow(RangeError);
    expect(() => variantJson(metadata, value)).toThrow(why);
  });

  test("of a few bytes that stand for endless text is refused", () => {
    // Each level names the next one 64 times.
    let value: Uint8Array = primitive(0);
    for (let level = 0; level < 8; level += 1) {
      value = Uint8Array.of(3, 64, ...Array.from({ length: 64 }, () => 0), 1, ...value);
    }
    expect(() => variantJson(NAMES, value, 1_000_000)).toThrow(/characters of JSON/);
  });

  test("of any bytes is JSON or refused", () => {
    const world = simulatedWorld(5);
    const good = Buffer.from([2, 2, 0, 1, 0, 2, 6, ...primitive(3, [7]), ...primitive(4, [8, 0]), 0]);
    let read = 0;
    for (let round = 0; round < 5_000; round += 1) {
      const bytes = Buffer.from(
        round % 2 === 0 ? good : good.subarray(0, 1 + Math.floor(world.random() * good.length)),
      );
      for (let at = 0; at < 2; at += 1)
        bytes[Math.floor(world.random() * bytes.length)] = Math.floor(world.random() * 256);
      try {
        JSON.parse(variantJson(NAMES, bytes));
        read += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }
    expect(read).toBeGreaterThan(200);
  });
});

/** The names `a` and `b"`. */
const NAMES = Uint8Array.of(1, 2, 0, 1, 3, ...Buffer.from('ab"'));

function primitive(type: number, ...parts: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.of(type << 2, ...parts.flat());
}

function whole(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
}

function double(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

function float(value: number): number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)];
}
