// `npm run nightly`: the long loops. CI runs about a minute of each; here every random test gets many more seeds, the kill loop
// half an hour, and every version of every table is judged.
import { attempt, build, ensureInstalled, requireNode, say } from "./set-up.mjs";

/** What has a long form: random orders and crashes, the kill loop, the judges at every version. */
const NIGHTLY_TESTS = ["test/simulation", "test/retail", "test/services"];

const chosen = process.argv.slice(2);
requireNode();
ensureInstalled();
build();
const seed = process.env["SLUICE_SEED"] ?? String(Math.floor(Math.random() * 2 ** 31));
say(`The seed of this night: SLUICE_SEED=${seed}`);
const env = {
  SLUICE_SEED: seed,
  SLUICE_NIGHTLY: "true",
  SLUICE_RUNS: process.env["SLUICE_RUNS"] ?? "2000",
};
const tests = chosen.length > 0 ? chosen : NIGHTLY_TESTS;
process.exit(
  attempt("npx", ["--no-install", "vitest", "run", "--testTimeout=10800000", ...tests], { env, to: "stdout" }),
);
