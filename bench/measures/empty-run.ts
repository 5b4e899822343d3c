import { builtLake } from "../built-lake.ts";
import { runLake, withCopy, type BenchContext, type Measured } from "../bench-context.ts";
import { atMost, figureOf, longer } from "../finding.ts";
import { measureSluice } from "../measure-process.ts";
import { measurePairs } from "../pairs.ts";

const LONGER_MOST = atMost(0.3, " s longer");
const PAIRS_LEAST = 11; // short processes vary more

/** A run with nothing to do, against a command that only starts. */
export async function emptyRun(context: BenchContext): Promise<Measured> {
  const built = await builtLake(context);
  return await withCopy(context, built.lake, async (lake) => {
    const pairs = await measurePairs(
      Math.max(context.pairs, PAIRS_LEAST),
      { name: "sluice run", measure: async () => await runLake(context, { exports: built.exports, lake }) },
      { name: "sluice --version", measure: async () => await measureSluice(["--version"]) },
    );
    const kept = pairs.reduce((sum, { ours }) => sum + (ours.keptBytes ?? Number.NaN), 0);
    return {
      findings: [
        longer({ id: "empty-run", title: "Run with nothing new, against `sluice --version`" }, pairs, {
          of: (one) => one.wallSeconds,
          target: LONGER_MOST,
        }),
        figureOf({ id: "empty-run-kept", title: "Bytes that all runs with nothing new added" }, kept, {
          unit: " bytes",
          target: atMost(0, ""),
        }),
      ],
      samples: {
        "empty-run sluice": pairs.map((pair) => pair.ours),
        "empty-run version": pairs.map((pair) => pair.theirs),
      },
    };
  });
}
