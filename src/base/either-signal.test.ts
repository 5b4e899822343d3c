import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { eitherSignal } from "./either-signal.ts";

test("fires with the first of two, for its reason, also when that fired before", () => {
  for (const at of [0, 1]) {
    const both = [new AbortController(), new AbortController()] as const;
    using either = eitherSignal(both[0].signal, both[1].signal);
    expect(either.signal.aborted).toBe(false);
    both[at]?.abort("enough");
    both[1 - at]?.abort("late");
    expect([either.signal.aborted, either.signal.reason]).toEqual([true, "enough"]);
  }
  using before = eitherSignal(AbortSignal.abort("before"), new AbortController().signal);
  expect(before.signal.reason).toBe("before");
  using alone = eitherSignal(undefined, AbortSignal.abort("alone"));
  expect(alone.signal.reason).toBe("alone");
});

test("leaves nothing behind in a signal that outlives it", () => {
  const lasting = new AbortController();
  for (let at = 0; at < 100; at += 1) {
    using either = eitherSignal(lasting.signal, new AbortController().signal);
    expect(either.signal.aborted).toBe(false);
  }
  expect(getEventListeners(lasting.signal, "abort")).toEqual([]);
});
