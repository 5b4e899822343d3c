// `npm run nightly`: the long loops. CI runs a short slice of each; here every random test gets many more seeds, the kill loop of
// a whole lake half an hour, the kills and races on one table ten minutes each (in a folder and in S3: test/concurrency), and every
// version of every table is judged.
import { attempt, build, ensureInstalled, requireNode, say } from "./set-up.mjs";

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
  FC_RUNS: process.env["FC_RUNS"] ?? "20000",
};
process.exit(
  attempt("npx", ["--no-install", "vitest", "run", "--testTimeout=10800000", ...chosen], { env, to: "stdout" }),
);
