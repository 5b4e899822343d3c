import { expect, test } from "vitest";
import { SluiceError, simulatedWorld } from "../../base/index.ts";
import { CatchUp } from "./catch-up.ts";

const failure = new SluiceError("table.superseded", "It was overtaken");
const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

function benchOf(signal?: AbortSignal) {
  const catchUp = new CatchUp();
  let woken = 0;
  const world = simulatedWorld(1);
  const done = catchUp.caughtUp({ world, wake: () => (woken += 1), ...(signal === undefined ? {} : { signal }) }).then(
    () => "caught up",
    (error: unknown) => (error instanceof SluiceError ? error.code : "stopped"),
  );
  const isDone = async (): Promise<string> => await Promise.race([done, settled().then(() => "waits")]);
  return { catchUp, isDone, woken: () => woken };
}

test("a round that was under way already does not count; five that begin later do", async () => {
  const { catchUp, isDone, woken } = benchOf();
  const early = catchUp.begin();
  await settled();
  catchUp.end(early, undefined);
  for (let rounds = 0; rounds < 5; rounds += 1) {
    expect(await isDone()).toBe("waits");
    expect(woken()).toBe(rounds + 1);
    catchUp.end(catchUp.begin(), undefined);
  }
  expect(await isDone()).toBe("caught up");
});

test("a round that failed does not count, and one failure too many is the end of it", async () => {
  const { catchUp, isDone } = benchOf();
  for (let rounds = 0; rounds < 5; rounds += 1) {
    expect(await isDone()).toBe("waits");
    catchUp.end(catchUp.begin(), failure);
    expect(await isDone()).toBe("waits");
    catchUp.end(catchUp.begin(), undefined);
  }
  expect(await isDone()).toBe("caught up");
  const other = benchOf();
  for (let rounds = 0; rounds < 10; rounds += 1) {
    expect(await other.isDone()).toBe("waits");
    other.catchUp.end(other.catchUp.begin(), failure);
  }
  expect(await other.isDone()).toBe("table.superseded");
});

test("ends when the table is given up, and when the signal fires", async () => {
  const { catchUp, isDone } = benchOf();
  expect(await isDone()).toBe("waits");
  catchUp.stop(new SluiceError("table.broken-invariant", "It is broken"));
  expect(await isDone()).toBe("table.broken-invariant");
  const over = new AbortController();
  const other = benchOf(over.signal);
  expect(await other.isDone()).toBe("waits");
  over.abort();
  expect(await other.isDone()).toBe("stopped");
});
