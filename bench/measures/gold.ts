import { join } from "node:path";
import { builtLake } from "../built-lake.ts";
import {
  CONFIG,
  freshFolder,
  lakeEnvironment,
  withCopy,
  type BenchContext,
  type LakeRun,
  type Measured,
} from "../bench-context.ts";
import { atMost, slower } from "../finding.ts";
import { measureSluice, measureSubject } from "../measure-process.ts";
import { measurePairs, type Sample } from "../pairs.ts";

const SLOWER_MOST = atMost(1.2, "×");
const TABLE = "gold.daily_sales";
const INPUT = "silver.orders";

/** A Gold table computed anew, against the same SELECT by DuckDB alone over one Parquet file with the same rows. */
export async function goldRefresh(context: BenchContext): Promise<Measured> {
  const built = await builtLake(context);
  const source = await rawParquet(context, built);
  const pairs = await measurePairs(
    context.pairs,
    {
      name: "Gold refresh",
      measure: async () =>
        await withCopy(context, built.lake, async (lake) => {
          const env = lakeEnvironment(context, { ...built, lake });
          return await timed("gold-refresh", { config: CONFIG, table: TABLE }, env);
        }),
    },
    {
      name: "DuckDB query",
      measure: async () => {
        const folder = await freshFolder(context, "gold");
        const { memory, threads } = context;
        const files = { source, target: join(folder, "gold.parquet"), spill: join(folder, "spill") };
        const request = { config: CONFIG, table: TABLE, input: INPUT, memory, threads, ...files };
        return await timed("gold-query", request, lakeEnvironment(context, built));
      },
    },
  );
  const title = `Gold aggregate over ${context.items} rows`;
  return {
    findings: [
      slower({ id: "gold", title: `${title}: refresh` }, pairs, {
        of: (one) => one.workSeconds ?? Number.NaN,
        target: SLOWER_MOST,
      }),
      slower({ id: "gold-cpu", title: `${title}: CPU of the whole process` }, pairs, { of: (one) => one.cpuSeconds }),
    ],
    samples: { "gold sluice": pairs.map((pair) => pair.ours), "gold DuckDB": pairs.map((pair) => pair.theirs) },
  };
}

async function timed(subject: string, request: object, env: Readonly<Record<string, string>>): Promise<Sample> {
  const { answer, ...usage } = await measureSubject(subject, request, { env });
  return { ...usage, workSeconds: answer.seconds };
}

/** The Silver rows in one file, as DuckDB by itself writes them. */
async function rawParquet(context: BenchContext, built: LakeRun): Promise<string> {
  const folder = await freshFolder(context, "rows");
  const exported = join(folder, "exported.parquet");
  const env = lakeEnvironment(context, built);
  await measureSluice(["read", INPUT, "--output", exported, "-c", CONFIG, "--json"], { env });
  const { memory, threads } = context;
  const target = join(folder, "raw.parquet");
  await measureSubject("parquet-copy", { source: exported, target, memory, threads, spill: join(folder, "spill") });
  return target;
}
