import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { earlier, microsOf } from "./attribute-time.ts";

describe("the time that an attribute holds", () => {
  test.each([
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", 0n],
    ["2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05Z", 123_456n],
    ["2026-01-02 03:04:05", "2026-01-02T03:04:05Z", 0n],
    ["2026-01-02T03:04+0200", "2026-01-02T01:04:00Z", 0n],
    ["2026-01-02T03:04:05.5-01:00", "2026-01-02T04:04:05Z", 500_000n],
    ["2026-01-02", "2026-01-02T00:00:00Z", 0n],
  ])("text %s", (text, iso, micros) => {
    expect(microsOf({ tag: "S", text })).toBe(BigInt(Date.parse(iso)) * 1_000n + micros);
  });

  test.each([
    ["1767322000", 1_767_322_000_000_000n],
    ["1767322000.25", 1_767_322_000_250_000n],
    ["1767322000123", 1_767_322_000_123_000n],
    ["1.767322000123E+12", 1_767_322_000_123_000n],
    ["1767322000123456", 1_767_322_000_123_456n],
  ])("number %s", (text, micros) => {
    expect(microsOf({ tag: "N", text })).toBe(micros);
  });

  test.each(["", "soon", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "2026-13-01", "2026-01-02T03:04:05Zz", "1767322000"])(
    "text %o is none",
    (text) => {
      expect(microsOf({ tag: "S", text })).toBeUndefined();
      expect(earlier({ tag: "S", text }, 1)).toBeUndefined();
    },
  );

  test.each(["-1767322000", "0", "1e20", "x"])("number %o is none", (text) => {
    expect(microsOf({ tag: "N", text })).toBeUndefined();
  });
});

describe("where reading begins", () => {
  test.each([
    ["2026-01-02T00:01:05.123Z", "2026-01-01T23:56:05"],
    ["2026-01-02 00:01:05+02:00", "2026-01-01 23:56:05"],
    ["2026-01-02T00:01Z", "2026-01-01T23:56"],
    ["2026-01-02", "2026-01-01"],
  ])("five minutes before %s is %s", (text, before) => {
    expect(earlier({ tag: "S", text }, 300_000)).toEqual({ tag: "S", text: before });
  });

  const forms = [
    (iso: string) => iso,
    (iso: string) => `${iso.slice(0, 19)}Z`,
    (iso: string) => iso.replace("T", " "),
    (iso: string) => iso.slice(0, 10),
    (iso: string) => `${iso.slice(0, 16)}Z`,
  ] as const;
  const moments = fc.integer({ min: Date.parse("2000-01-01T00:00:00Z"), max: Date.parse("2100-01-01T00:00:00Z") });

  test("it sorts before every text of the form that is no more than that older", () => {
    fc.assert(
      fc.property(
        moments,
        fc.nat(86_400_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(...forms),
        (at, overlap, share, form) => {
          // prettier-ignore
          const newest = form(new Date(at).toISOString());
          const other = form(new Date(at - Math.floor(share * overlap)).toISOString());
          const from = earlier({ tag: "S", text: newest }, overlap)?.text ?? "~";
          expect(from <= other).toBe(true);
        },
      ),
    );
  });

  test("it is below every number that is no more than that older", () => {
    fc.assert(
      fc.property(moments, fc.nat(86_400_000), fc.constantFrom(0.001, 1, 1_000), (at, overlap, unit) => {
        const newest = Math.floor(at * unit);
        const from = Number(earlier({ tag: "N", text: String(newest) }, overlap)?.text);
        expect(from).toBeLessThanOrEqual(newest - Math.floor(overlap * unit));
        expect(from).toBeGreaterThan(newest - overlap * unit - 2);
      }),
    );
  });
});
