import { join } from "node:path";
import { partFolder, partsAvailable } from "../../test/services/parts.ts";
import { freshFolder, memoryBytes, withCopy, type BenchContext, type Measured } from "../bench-context.ts";
import { atMost, slower, type Finding } from "../finding.ts";
import { BENCH_FOLDER, measureProcess, measureSubject } from "../measure-process.ts";
import { measurePairs, type Pair, type Sample, type Side } from "../pairs.ts";

const DELTA_RS = "delta-1.6.3";
const DELTA_RS_SCRIPT = join(BENCH_FOLDER, "subjects", "delta_rs.py");
const PARTS = 40;
const VECTOR_READS = {
  read: "All rows read",
  scan: "One aggregate of every column",
  scans: "One aggregate of every column, asked five times,",
};

interface Comparison {
  readonly id: string;
  readonly title: string;
  readonly ours: Side;
  readonly theirs: Side;
  /** Ours in multiples of theirs, in seconds of the work itself. */
  readonly most: number;
}

/** What a table is asked for every day, against delta-rs, DuckDB's own COPY, and itself without deletion vectors. */
export async function tableVerbs(context: BenchContext): Promise<Measured> {
  const folder = await freshFolder(context, "tables");
  await subject(context, folder, "prepare", "");
  const { available, reason } = partsAvailable(DELTA_RS);
  if (!available) console.error(`  SKIPPED: delta-rs: ${reason}`);
  const findings: Finding[] = [];
  const samples: Record<string, readonly Sample[]> = {};
  for (const one of comparisons(context, folder, available)) {
    const pairs: readonly Pair[] = await measurePairs(context.pairs, one.ours, one.theirs);
    const target = atMost(one.most, "×");
    findings.push(
      slower({ id: one.id, title: `${one.title}: table open` }, pairs, {
        of: (sample) => sample.workSeconds ?? Number.NaN,
        target,
      }),
      slower({ id: `${one.id}-cpu`, title: `${one.title}: CPU of the whole process` }, pairs, {
        of: (sample) => sample.cpuSeconds,
      }),
    );
    samples[`${one.id} ours`] = pairs.map((pair) => pair.ours);
    samples[`${one.id} theirs`] = pairs.map((pair) => pair.theirs);
  }
  return { findings, samples };
}

function comparisons(context: BenchContext, folder: string, hasDeltaRs: boolean): readonly Comparison[] {
  const at = (table: string): string => join(folder, table);
  const own = (name: string, verb: string, table: string): Side => ({
    name,
    measure: async () => await subject(context, folder, verb, table),
  });
  /** Each time on a copy of its own. */
  const onCopy = (name: string, table: string, work: (table: string) => Promise<Sample>): Side => ({
    name,
    measure: async () => await withCopy(context, at(table), work),
  });
  let made = 0;
  const fresh = (name: string, verb: string): Side => ({
    name,
    measure: async () => await subject(context, folder, verb, at(`${verb}-${(made += 1)}`)),
  });
  const source = join(folder, "changed.parquet");
  const withDeltaRs: readonly Comparison[] = [
    {
      id: "optimize",
      title: `OPTIMIZE of ${PARTS} files against delta-rs`,
      ours: onCopy("sluice/delta", "small", async (table) => await subject(context, folder, "optimize", table)),
      theirs: onCopy("delta-rs", "small", async (table) => await deltaRs(context, "optimize", { table })),
      most: 1,
    },
    {
      id: "filter",
      title: "A hundredth of the rows read by a filter, against delta-rs",
      ours: own("sluice/delta", "filter", at("large")),
      theirs: { name: "delta-rs", measure: async () => await deltaRs(context, "filter", { table: at("large") }) },
      most: 1,
    },
    {
      id: "merge-all",
      title: "Merge of all rows against delta-rs",
      ours: onCopy("sluice/delta", "large", async (table) => await subject(context, folder, "merge", table)),
      theirs: onCopy(
        "delta-rs",
        "large",
        async (table) => await deltaRs(context, "merge", { table, source, key: "id" }),
      ),
      most: 1,
    },
  ];
  return [
    ...(hasDeltaRs ? withDeltaRs : []),
    {
      id: "append-copy",
      title: "Append against DuckDB's COPY to one file",
      ours: fresh("sluice/delta", "append"),
      theirs: fresh("COPY", "copy"),
      most: 1.3,
    },
    ...(["read", "scan", "scans"] as const).map((verb) => ({
      id: `vectors-${verb}`,
      title: `${VECTOR_READS[verb]} through deletion vectors (a fifth gone), against the same rows without`,
      ours: own("with vectors", verb, at("vectors")),
      theirs: own("without", verb, at("without")),
      most: 1.5,
    })),
  ];
}

async function subject(context: BenchContext, folder: string, verb: string, table: string): Promise<Sample> {
  const limits = { memoryBytes: memoryBytes(context), threads: context.threads };
  const request = { verb, folder, table, rows: context.items, parts: PARTS, ...limits };
  const { answer, ...usage } = await measureSubject("delta-table", request);
  return { ...usage, workSeconds: answer.seconds };
}

async function deltaRs(
  context: BenchContext,
  verb: string,
  request: Readonly<Record<string, string>>,
): Promise<Sample> {
  const python = join(partFolder(DELTA_RS), "bin", "python");
  const words = [DELTA_RS_SCRIPT, verb, JSON.stringify({ ...request, rows: context.items })];
  const usage = await measureProcess(python, words, {});
  const { seconds } = JSON.parse(usage.result) as { readonly seconds: number };
  return { ...usage, workSeconds: seconds };
}
