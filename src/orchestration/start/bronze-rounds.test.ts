import { expect, test } from "vitest";
import { SluiceError, simulatedWorld, type FailureCode } from "../../base/index.ts";
import { BronzeRounds } from "./bronze-rounds.ts";

function benchOf(fails: { other?: FailureCode; live?: FailureCode }, hasLive = true) {
  const world = simulatedWorld(7);
  const said: string[] = [];
  const rounds = new BronzeRounds({
    world,
    hasLive,
    flushMs: 1_000,
    lookMs: 60_000,
    attempt: async ({ onlyLive }) => {
      said.push(onlyLive === true ? "live" : "all");
      const code = fails.live ?? (onlyLive === true ? undefined : fails.other);
      const error = code === undefined ? undefined : new SluiceError(code, "It failed");
      const nothing = { version: undefined, rows: 0, quarantined: 0, verdict: undefined, elapsedMs: 0 };
      return await Promise.resolve({
        ...nothing,
        table: "bronze.orders",
        outcome: error === undefined ? "unchanged" : "failed",
        waiting: [],
        skipped: [],
        error,
      });
    },
    forget: () => void said.push("forgets"),
    onFailure: (error) => void said.push(error.code),
    onRecovery: () => void said.push("well again"),
  });
  return { world, said, rounds, fails };
}

test("live channels are read each flush, the others each look", async () => {
  const { world, said, rounds } = benchOf({});
  for (let at = 0; at < 62; at += 1) {
    await rounds.round();
    await world.sleep(1_000);
  }
  expect(said.filter((one) => one === "all")).toHaveLength(2);
  expect(said).toHaveLength(62);
});

test("where the others are stopped, what is live goes on, and both is told once", async () => {
  const { world, said, rounds, fails } = benchOf({ other: "source.gap" });
  expect(await rounds.round()).toMatchObject({ error: undefined });
  expect(said).toEqual(["all", "forgets", "live", "source.gap"]);
  await rounds.round();
  expect(said.slice(4)).toEqual(["live"]);
  await world.sleep(16_000);
  await rounds.round();
  expect(said.slice(5)).toEqual(["all", "forgets", "live"]);
  delete fails.other;
  await world.sleep(31_000);
  await rounds.round();
  expect(said.slice(8)).toEqual(["all", "well again"]);
});

test("where what is live fails, the table does", async () => {
  const { said, rounds } = benchOf({ live: "source.unavailable" });
  expect(await rounds.round()).toMatchObject({ error: { code: "source.unavailable" } });
  expect(said).toEqual(["all", "forgets", "live", "forgets"]);
  const alone = benchOf({ other: "source.gap" }, false);
  expect(await alone.rounds.round()).toMatchObject({ error: { code: "source.gap" } });
});
