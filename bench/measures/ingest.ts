import { rm } from "node:fs/promises";
import { join } from "node:path";
import { dataFiles, fullExport, insertWindow } from "../data/order-exports.ts";
import { exportsTogether, freshFolder, runLake, withCopy, type BenchContext, type Measured } from "../bench-context.ts";
import { atMost, slower, type Finding, type Heading, type Target } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";
import { measurePairs, type Pair, type Sample } from "../pairs.ts";

const FIRST_MOST = atMost(2, "×");
const KNOWN_MOST = atMost(1.5, "×");
const START_ITEMS = 20_000; // enough to show every attribute and tag

/** Export → Bronze into a lake with nothing in it, against DuckDB's typed COPY of the same files. */
export async function ingestFirst(context: BenchContext): Promise<Measured> {
  const exports = await fullExport(context.items)(context.cache);
  const pairs = await measurePairs(
    context.pairs,
    {
      name: "sluice run",
      measure: async () => {
        const lake = await freshFolder(context, "lake");
        const sample = await runLake(context, { exports, lake, layers: "bronze" });
        await rm(lake, { recursive: true });
        return sample;
      },
    },
    { name: "DuckDB COPY", measure: async () => await rawCopy(context, await dataFiles(exports), "full") },
  );
  const heading = { id: "ingest-first", title: `Export → Bronze, first time, ${context.items} items` };
  return ingestFindings(heading, pairs, FIRST_MOST);
}

/** A window of as many inserts into a Bronze table that has seen the record's shape. */
export async function ingestKnown(context: BenchContext): Promise<Measured> {
  const start = fullExport(START_ITEMS);
  const inserts = insertWindow(context.items);
  const lake = await freshFolder(context, "lake");
  await runLake(context, { exports: await start(context.cache), lake, layers: "bronze" });
  const exports = await exportsTogether(context, [start, inserts]);
  const files = await dataFiles(await inserts(context.cache));
  const pairs = await measurePairs(
    context.pairs,
    {
      name: "sluice run",
      measure: async () =>
        await withCopy(
          context,
          lake,
          async (copy) => await runLake(context, { exports, lake: copy, layers: "bronze" }),
        ),
    },
    { name: "DuckDB COPY", measure: async () => await rawCopy(context, files, "window") },
  );
  const heading = { id: "ingest-known", title: `Window → Bronze, schema known, ${context.items} changes` };
  return ingestFindings(heading, pairs, KNOWN_MOST);
}

function ingestFindings({ id, title }: Heading, pairs: readonly Pair[], target: Target): Measured {
  const findings: Finding[] = [
    slower({ id, title: `${title}: whole process` }, pairs, { of: (one) => one.wallSeconds, target }),
    slower({ id: `${id}-inside`, title: `${title}: without the start of Node` }, pairs, {
      of: (one) => one.insideSeconds,
      target,
    }),
    slower({ id: `${id}-cpu`, title: `${title}: CPU` }, pairs, { of: (one) => one.cpuSeconds }),
  ];
  return {
    findings,
    samples: { [`${id} sluice`]: pairs.map((pair) => pair.ours), [`${id} DuckDB`]: pairs.map((pair) => pair.theirs) },
  };
}

async function rawCopy(context: BenchContext, files: readonly string[], shape: "full" | "window"): Promise<Sample> {
  const folder = await freshFolder(context, "raw");
  const { answer, ...usage } = await measureSubject("raw-copy", {
    files,
    shape,
    target: join(folder, "raw.parquet"),
    memory: context.memory,
    threads: context.threads,
    spill: join(folder, "spill"),
  });
  await rm(folder, { recursive: true });
  return { ...usage, workSeconds: answer.seconds };
}
