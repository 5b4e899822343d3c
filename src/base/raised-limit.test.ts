import { expect, test } from "vitest";
import { putLimitBack, raiseLimit, type RaisedLimit } from "./index.ts";

/** A limit that remembers, whose process dies at its n-th step. */
class TriedLimit implements RaisedLimit {
  units: number | undefined;
  raisedFrom: number | undefined;
  steps = 0;
  dyingAt = Infinity;

  constructor(units: number | undefined) {
    this.units = units;
  }

  async keep(raisedFrom: number | undefined): Promise<void> {
    this.#step();
    await Promise.resolve();
    this.raisedFrom = raisedFrom;
  }

  async set(units: number): Promise<void> {
    this.#step();
    await Promise.resolve();
    this.units = units;
  }

  #step(): void {
    this.steps += 1;
    if (this.steps >= this.dyingAt) throw new Error("killed");
  }
}

test.each([1, 2, 3, 4, 5])(
  "a process that dies at step %i leaves what the next one needs to put it back",
  async (at) => {
    const limit = new TriedLimit(5);
    limit.dyingAt = at;
    const work = async (): Promise<void> => {
      await raiseLimit(limit, 500);
      await putLimitBack(limit);
    };
    await work().catch(() => undefined);
    limit.dyingAt = Infinity;
    await work();
    expect([limit.units, limit.raisedFrom]).toEqual([5, undefined]);
  },
);

test.each([
  [undefined, 500],
  [500, 500],
  [600, 500],
  [5, undefined],
])("a limit of %o is not raised to %o", async (units, raiseTo) => {
  const limit = new TriedLimit(units);
  await raiseLimit(limit, raiseTo);
  await putLimitBack(limit);
  expect([limit.units, limit.steps]).toEqual([units, 0]);
});
