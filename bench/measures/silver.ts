import { builtLake } from "../built-lake.ts";
import { exportsTogether, runLake, withCopy, type BenchContext, type Measured } from "../bench-context.ts";
import { CHANGED_ONE_IN, fullExport, updateWindow } from "../data/order-exports.ts";
import { figureOf } from "../finding.ts";
import { measureAlone, median } from "../pairs.ts";

/** A window with changes of 1 % of the rows, from the export into Bronze and Silver: one `sluice run`. */
export async function silverWindow(context: BenchContext): Promise<Measured> {
  const built = await builtLake(context);
  const changes = context.items / CHANGED_ONE_IN;
  const window = updateWindow(context.items, { window: 0, changes });
  const exports = await exportsTogether(context, [fullExport(context.items), window]);
  const tables = ["bronze.orders", "silver.orders"];
  const samples = await measureAlone(context.pairs, {
    name: "sluice run",
    measure: async () =>
      await withCopy(context, built.lake, async (lake) => await runLake(context, { exports, lake }, tables)),
  });
  const title = `Window of ${changes} updates → Bronze → Silver of ${context.items} rows`;
  const kept = median(samples.map((one) => one.keptBytes ?? Number.NaN)) / 1e6;
  return {
    findings: [
      figureOf(
        { id: "silver-window", title: `${title}: whole process` },
        median(samples.map((one) => one.wallSeconds)),
        {
          unit: " s",
        },
      ),
      figureOf({ id: "silver-window-kept", title: `${title}: bytes added` }, kept, { unit: " MB" }),
    ],
    samples: { "silver-window sluice": samples },
  };
}
