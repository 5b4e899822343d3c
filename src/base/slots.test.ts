import { expect, test } from "vitest";
import { Slots } from "./slots.ts";

test("so many run at once, in the order in which they came, and one that fails gives its place on", async () => {
  const slots = new Slots(2);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const work = Array.from({ length: 9 }, async (_, index) =>
    slots.run(async () => {
      began.push(index);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      if (index % 3 === 0) throw new Error(String(index));
      return index;
    }),
  );
  const outcomes = await Promise.allSettled(work);
  expect(outcomes.map(({ status }) => status)).toEqual(
    Array.from({ length: 9 }, (_, index) => (index % 3 === 0 ? "rejected" : "fulfilled")),
  );
  expect(began).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(most).toBe(2);
  expect(running).toBe(0);
});
