import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { eachAtOnce } from "./each-at-once.ts";

test("each item is worked on once, in order, and never more at once than allowed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(20), fc.integer({ min: 1, max: 6 }), async (count, atOnce) => {
      const begun: number[] = [];
      let working = 0;
      let most = 0;
      await eachAtOnce([...Array(count).keys()], atOnce, async (item) => {
        begun.push(item);
        working += 1;
        most = Math.max(most, working);
        await setImmediate();
        working -= 1;
      });
      expect(begun).toEqual([...Array(count).keys()]);
      expect(most).toBe(Math.min(count, atOnce));
    }),
    { numRuns: 50 },
  );
});

test("when one fails no other is begun, and the failure is told when nobody works any more", async () => {
  const ended: number[] = [];
  const work = async (item: number): Promise<void> => {
    if (item === 1) throw new Error("its own words");
    await setImmediate();
    ended.push(item);
  };
  await expect(eachAtOnce([0, 1, 2, 3], 2, work)).rejects.toThrow("its own words");
  expect(ended).toEqual([0]);
});

test("when it is over no other is begun", async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => void begun.push(item);
  await eachAtOnce([0, 1, 2], 1, work, () => begun.length === 2);
  expect(begun).toEqual([0, 1]);
});
