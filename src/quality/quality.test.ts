import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { judge, judgementCounts, violatedRules, type Rule, type RuleCounts } from "./index.ts";

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect();
});

const rule = (name: string, condition: string, more: Partial<Rule> = {}): Rule => ({
  name,
  condition,
  action: "warn",
  ...more,
});

async function rows(sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

function breaks(x: number | null, limit: number): boolean {
  return x === null || x < limit;
}

function counts(judged: number, violations: number): RuleCounts {
  return { judged, passed: judged - violations, violations: { r: violations } };
}

async function violatedBy(rules: readonly Rule[], values: string): Promise<unknown> {
  return (await rows(`SELECT ${violatedRules(rules)} AS violated FROM (VALUES ${values}) t (x)`)).map(
    (row) => row["violated"],
  );
}

describe("violatedRules", () => {
  test("a row passes where the condition is true, and violates where it is false or null", async () => {
    expect(await violatedBy([rule("positive", "x > 0")], "(1), (0), (NULL)")).toEqual([[], ["positive"], ["positive"]]);
  });

  test("names come in the order of the rules", async () => {
    const rules = [rule("z", "x > 0"), rule("a", "x > 1"), rule("m", "x < 10")];
    expect(await violatedBy(rules, "(0), (1), (11)")).toEqual([["z", "a"], ["a"], ["m"]]);
  });

  test("without rules every row has an empty list", async () => {
    expect(await violatedBy([], "(1)")).toEqual([[]]);
  });

  test("a condition keeps to its own place, whatever operators or comments it has", async () => {
    const rules = [rule("either", "x = 1 or x = 2 -- one of them"), rule("other", "x < 2 /* less */")];
    expect(await violatedBy(rules, "(1), (2), (3)")).toEqual([[], ["other"], ["either", "other"]]);
  });

  test("any name survives as it is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 1, unit: "grapheme" }).filter((name) => !name.includes("\0") && name.isWellFormed()),
        async (name) => {
          expect(await violatedBy([rule(name, "x > 0")], "(0)")).toEqual([[name]]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("judgementCounts", () => {
  test("counts agree with a judgement row by row", async () => {
    const value = fc.option(fc.integer({ min: -3, max: 3 }), { nil: null });
    const bounds = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 12 }), bounds, async (values, limits) => {
        const rules = limits.map((limit, index) => rule(`r${index}`, `x >= ${limit}`));
        const from = `(SELECT x, ${violatedRules(rules)} AS v FROM (VALUES ${values.map((x) => `(${x ?? "NULL::INT"})`).join(", ")}) t (x))`;
        const [row] = await rows(`SELECT ${judgementCounts(rules, "v", "x IS NULL OR x > -2")} FROM ${from}`);
        const judged = values.filter((x) => x === null || x > -2);
        expect(row).toEqual({
          judged: String(judged.length),
          passed: String(judged.filter((x) => limits.every((limit) => !breaks(x, limit))).length),
          ...Object.fromEntries(
            limits.map((limit, index) => [
              `violations_${index}`,
              String(judged.filter((x) => breaks(x, limit)).length),
            ]),
          ),
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("judge", () => {
  test.each<[Partial<Rule>, RuleCounts, "failed" | "threshold" | undefined, number]>([
    [{ action: "warn" }, counts(100, 100), undefined, 0],
    [{ action: "quarantine" }, counts(100, 100), undefined, 0],
    [{ action: "drop", atMost: 0.02 }, counts(100, 2), undefined, 0],
    [{ action: "drop", atMost: 0.02 }, counts(100, 3), "threshold", 2],
    [{ action: "warn", atMost: 0 }, counts(100, 1), "threshold", 0],
    [{ action: "fail" }, counts(100, 0), undefined, 0],
    [{ action: "fail" }, counts(100, 1), "failed", 0],
    [{ action: "fail", atMost: 0.29 }, counts(100, 29), undefined, 0],
    [{ action: "fail", atMost: 0.29 }, counts(100, 30), "failed", 29],
    [{ action: "fail" }, counts(0, 0), undefined, 0],
  ])("%o over %o ends as %s, with %i allowed", (more, counted, kind, allowed) => {
    const { judged, violations } = counted;
    const failures = judge(counted, [rule("r", "x", more)]).failures;
    const expected = { rule: "r", kind, violations: violations["r"], judged, allowed };
    expect(failures).toEqual(kind === undefined ? [] : [expected]);
  });

  test("a threshold accepts exactly the counts up to the number it names", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 999 }), (judged, thousandths) => {
        const limited = [rule("r", "x", { atMost: thousandths / 1000 })];
        const accepted = Math.floor((thousandths * judged) / 1000); // exact: both are small whole numbers
        const [failure] = judge(counts(judged, accepted + 1), limited).failures;
        expect(judge(counts(judged, accepted), limited).failures).toEqual([]);
        expect(failure?.allowed).toBe(accepted);
      }),
    );
  });

  test("the score is the share of rows that passed every rule, and unknown where none was judged", () => {
    expect(judge({ judged: 8, passed: 6, violations: { a: 1, b: 2 } }, []).score).toBe(0.75);
    expect(judge({ judged: 0, passed: 0, violations: {} }, []).score).toBeUndefined();
  });
});
