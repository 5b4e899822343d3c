import { rm } from "node:fs/promises";
import { join } from "node:path";
import { dataFiles, earlierExport, fullExport, insertWindow, type OrderExports } from "../data/order-exports.ts";
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

/** The same export into a Bronze table that has seen the record's shape in an export of the day before. */
export async function ingestKnown(context: BenchContext): Promise<Measured> {
  const title = `Export → Bronze, schema known, ${context.items} items`;
  return await ingestAgain(context, {
    heading: { id: "ingest-known", title },
    before: earlierExport(START_ITEMS),
    measured: fullExport(context.items),
    shape: "full",
    target: KNOWN_MOST,
  });
}

/** A window of as many inserts into such a table: a time, a sequence and two copies of the key a line besides. */
export async function ingestWindow(context: BenchContext): Promise<Measured> {
  const title = `Window → Bronze, schema known, ${context.items} changes`;
  return await ingestAgain(context, {
    heading: { id: "ingest-window", title },
    before: fullExport(START_ITEMS),
    measured: insertWindow(context.items),
    shape: "window",
  });
}

interface Again {
  readonly heading: Heading;
  readonly before: OrderExports;
  readonly measured: OrderExports;
  readonly shape: "full" | "window";
  readonly target?: Target;
}

async function ingestAgain(
  context: BenchContext,
  { heading, before, measured, shape, target }: Again,
): Promise<Measured> {
  const lake = await freshFolder(context, "lake");
  await runLake(context, { exports: await before(context.cache), lake, layers: "bronze" });
  const exports = await exportsTogether(context, [before, measured]);
  const files = await dataFiles(await measured(context.cache));
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
    { name: "DuckDB COPY", measure: async () => await rawCopy(context, files, shape) },
  );
  return ingestFindings(heading, pairs, target);
}

function ingestFindings({ id, title }: Heading, pairs: readonly Pair[], target?: Target): Measured {
  const held = target === undefined ? {} : { target };
  const findings: Finding[] = [
    slower({ id, title: `${title}: whole process` }, pairs, { of: (one) => one.wallSeconds, ...held }),
    slower({ id: `${id}-inside`, title: `${title}: without the start of Node` }, pairs, {
      of: (one) => one.insideSeconds,
      ...held,
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
