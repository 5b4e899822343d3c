import { expect, test } from "vitest";
import { FAILURES, SluiceError, type FailureCode } from "../../base/index.ts";
import { afterFailure } from "./after-failure.ts";

const remedy = (code: FailureCode, times = 1, random = 0.999_999): ReturnType<typeof afterFailure> =>
  afterFailure(new SluiceError(code, "It failed"), times, () => random);

test("what may pass by itself is tried again at once, then more and more seldom, five minutes at most, with jitter", () => {
  const waits = Array.from({ length: 12 }, (_, at) => remedy("source.unavailable", at + 1));
  const seconds = waits.map((one) => (one.kind === "again" ? Math.round(one.afterMs / 1_000) : undefined));
  expect(seconds).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  expect(remedy("source.unavailable", 1, 0)).toEqual({ kind: "again", afterMs: 500, isTold: true });
  expect(remedy("source.unavailable", 1_000)).toMatchObject({ kind: "again" });
});

test("what somebody has to do something about first is tried again more seldom", () => {
  for (const code of ["source.gap", "source.denied", "quality.failed", "plan.definition-changed"] as const) {
    const again = remedy(code);
    expect(again).toMatchObject({ kind: "again", isTold: true });
    expect(again.kind === "again" && again.afterMs).toBeGreaterThan(10_000);
  }
});

test("who is overtaken goes on at once, and says nothing of it unless it goes on and on", () => {
  for (const code of ["table.superseded", "table.conflict", "publish.superseded"] as const) {
    const again = remedy(code);
    expect(again).toMatchObject({ kind: "again", isTold: false });
    expect(again.kind === "again" && again.afterMs).toBeLessThanOrEqual(200);
    expect(remedy(code, 6)).toMatchObject({ isTold: true });
  }
});

test("what waiting does not help is given up, and nothing that may pass is", () => {
  const givenUp = (Object.keys(FAILURES) as FailureCode[]).filter((code) => remedy(code).kind === "stop");
  expect(givenUp).toContain("table.broken-invariant");
  expect(givenUp).toContain("internal.bug");
  expect(givenUp.filter((code) => FAILURES[code].retry)).toEqual([]);
});
