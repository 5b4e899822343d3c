import { join } from "node:path";
import { freshFolder, memoryBytes, type BenchContext, type Measured } from "../bench-context.ts";
import { atMost, faster, figureOf, slower } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";
import { measurePairs, median, type Pair, type Sample } from "../pairs.ts";

const ROWS = 1_000_000;
/** Above the process that writes one row in the same way. */
const PEAK_MOST = atMost(300, " MB");

/** A million rows into a table from a generator, and out of it as an Arrow stream: against one row, an array, and rows as objects. */
export async function streams(context: BenchContext): Promise<Measured> {
  const source = join(await freshFolder(context, "streams-source"), "table");
  await run(context, { verb: "generator", table: source, source });
  const base = await pairsOf(context, { ours: "generator", theirs: "one" }, source);
  const array = await pairsOf(context, { ours: "generator", theirs: "array" }, source);
  const arrow = await pairsOf(context, { ours: "arrow", theirs: "array" }, source);
  const reads = await pairsOf(context, { ours: "read-arrow", theirs: "read" }, source);
  const above = median(base.map(({ ours, theirs }) => (ours.peakBytes - theirs.peakBytes) / 1e6));
  return {
    findings: [
      figureOf(
        { id: "stream-peak", title: "Append of a million rows from a generator: peak memory above that of one row" },
        above,
        { unit: " MB", target: PEAK_MOST },
      ),
      slower({ id: "stream-append", title: "Append of a million rows: a generator against an array" }, array, {
        of: secondsOf,
      }),
      faster({ id: "arrow-append", title: "Append of a million rows: an Arrow stream against an array" }, arrow, {
        of: secondsOf,
      }),
      faster({ id: "arrow-read", title: "Read of a million rows: an Arrow stream against rows" }, reads, {
        of: secondsOf,
      }),
    ],
    samples: {
      "stream: one row": base.map(({ theirs }) => theirs),
      "stream: generator": base.map(({ ours }) => ours),
      "stream: array": array.map(({ theirs }) => theirs),
      "stream: append Arrow": arrow.map(({ ours }) => ours),
      "stream: read rows": reads.map(({ theirs }) => theirs),
      "stream: read Arrow": reads.map(({ ours }) => ours),
    },
  };
}

async function pairsOf(
  context: BenchContext,
  { ours, theirs }: { readonly ours: string; readonly theirs: string },
  source: string,
): Promise<readonly Pair[]> {
  const side = (verb: string) => ({
    name: verb,
    measure: async () => {
      const table = join(await freshFolder(context, "streams"), "table");
      return await run(context, { verb, table, source });
    },
  });
  return await measurePairs(context.pairs, side(ours), side(theirs));
}

async function run(
  context: BenchContext,
  request: { readonly verb: string; readonly table: string; readonly source: string },
): Promise<Sample> {
  const limits = { rows: ROWS, memoryBytes: memoryBytes(context), threads: context.threads };
  const { answer, ...usage } = await measureSubject("delta-streams", { ...request, ...limits });
  return { ...usage, workSeconds: answer.seconds };
}

function secondsOf({ workSeconds }: Sample): number {
  return workSeconds ?? Number.NaN;
}
