import { freshFolder, memoryBytes, withCopy, type BenchContext, type Measured } from "../bench-context.ts";
import { atMost, figureOf, type Finding } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";
import { measureAlone, median, type Sample } from "../pairs.ts";

const RUNGS = [1_000, 10_000, 100_000, 1_000_000];
const STEPS = [
  "open",
  "prune by statistics",
  "prune by partition",
  "append",
  "append again",
  "merge",
  "advance",
  "checkpoint",
];
const MEMORY = "512MB"; // the engine's share, as in the largest lake
const OPEN_MOST = atMost(4, " s");
const PEAK_MOST = atMost(1000, " MB");
const TURNS = 3;

/** What the number of a table's files costs: opening it, and one operation each on the open table, from 1,000 files to 1,000,000. */
export async function ladder(given: BenchContext): Promise<Measured> {
  const context = { ...given, memory: MEMORY };
  const findings: Finding[] = [];
  const samples: Record<string, readonly Sample[]> = {};
  for (const files of RUNGS) {
    const table = await freshFolder(context, `files-${files}`);
    await measureSubject("delta-ladder-table", { table, files });
    for (const step of STEPS) {
      const name = `${step}, ${files} files`;
      const measured = await measureAlone(TURNS, {
        name,
        measure: async () => await measureStep(context, { table, files, step }),
      });
      samples[name] = measured;
      findings.push(...findingsOf(step, files, measured));
    }
  }
  return { findings, samples };
}

interface Step {
  readonly table: string;
  readonly files: number;
  readonly step: string;
}

async function measureStep(context: BenchContext, { table, files, step }: Step): Promise<Sample> {
  return await withCopy(context, table, async (copy) => {
    const request = { table: copy, files, step, memoryBytes: memoryBytes(context), threads: context.threads };
    const { answer, ...usage } = await measureSubject("delta-ladder", request);
    return { ...usage, workSeconds: answer.seconds };
  });
}

function findingsOf(step: string, files: number, samples: readonly Sample[]): readonly Finding[] {
  const seconds = median(samples.map((one) => one.workSeconds ?? Number.NaN));
  const peak = median(samples.map((one) => one.peakBytes)) / 1e6;
  const isLast = files === RUNGS.at(-1);
  const title = `Table of ${files} files: ${step}`;
  const id = `ladder-${files}-${step.replaceAll(" ", "-")}`;
  return [
    figureOf({ id, title }, seconds, { unit: " s", ...(isLast && step === "open" ? { target: OPEN_MOST } : {}) }),
    figureOf({ id: `${id}-peak`, title: `${title}, peak memory` }, peak, {
      unit: " MB",
      ...(isLast && (step === "open" || step === "checkpoint") ? { target: PEAK_MOST } : {}),
    }),
  ];
}
