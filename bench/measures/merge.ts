import { join } from "node:path";
import { partFolder, partsAvailable } from "../../test/services/parts.ts";
import { folderBytes, freshFolder, memoryBytes, withCopy, type BenchContext, type Measured } from "../bench-context.ts";
import { changedItems, CHANGED_ONE_IN, dataFiles, fullExport, type OrderExports } from "../data/order-exports.ts";
import { atLeast, atMost, faster, figureOf, type Finding } from "../finding.ts";
import { BENCH_FOLDER, measureProcess, measureSubject } from "../measure-process.ts";
import { measureAlone, measurePairs, median, type Sample, type Side } from "../pairs.ts";

const DELTA_RS = "delta-1.6.6";
const FASTER_LEAST = atLeast(10, "×");
const WRITTEN_MOST = atMost(3, " % of the table"); // for 1 % of its rows: the rows again, and where they were
const DELTA_RS_SCRIPT = join(BENCH_FOLDER, "subjects", "delta_rs.py");

interface Tables {
  readonly ours: string;
  /** Undefined where delta-rs is not installed. */
  readonly theirs: string | undefined;
  /** The rows to merge. */
  readonly source: string;
}

/** 1 % of a table's rows, spread over all its files, updated by key: `sluice/delta` against delta-rs. */
export async function mergeUpdates(context: BenchContext): Promise<Measured> {
  const tables = await makeTables(context);
  const tableBytes = await folderBytes(tables.ours);
  const ours: Side = { name: "sluice/delta", measure: async () => await mergeOurs(context, tables) };
  const { theirs } = tables;
  if (theirs === undefined) {
    const samples = await measureAlone(context.pairs, ours);
    return { findings: [writtenFinding(samples, tableBytes)], samples: { "merge sluice": samples } };
  }
  const pairs = await measurePairs(context.pairs, ours, {
    name: "delta-rs",
    measure: async () =>
      await withCopy(context, theirs, async (table) => await deltaRs("merge", { table, source: tables.source })),
  });
  const title = `Merge of ${context.items / CHANGED_ONE_IN} updates into ${context.items} rows`;
  const samples = { ours: pairs.map((pair) => pair.ours), theirs: pairs.map((pair) => pair.theirs) };
  return {
    findings: [
      faster({ id: "merge", title: `${title}: table open` }, pairs, {
        of: (one) => one.workSeconds ?? Number.NaN,
        target: FASTER_LEAST,
      }),
      faster({ id: "merge-whole", title: `${title}: whole process` }, pairs, { of: (one) => one.wallSeconds }),
      faster({ id: "merge-cpu", title: `${title}: CPU of the whole process` }, pairs, { of: (one) => one.cpuSeconds }),
      writtenFinding(samples.ours, tableBytes),
      {
        ...figureOf(
          { id: "merge-written-theirs", title: "Bytes the merge adds: delta-rs" },
          share(samples.theirs, await folderBytes(theirs)),
          { unit: " % of the table" },
        ),
      },
    ],
    samples: { "merge sluice": samples.ours, "merge delta-rs": samples.theirs },
  };
}

async function mergeOurs(context: BenchContext, { ours, source }: Tables): Promise<Sample> {
  return await withCopy(context, ours, async (table) => {
    const before = await folderBytes(table);
    const { answer, ...usage } = await measureSubject("delta-merge", {
      table,
      source,
      key: "order_id",
      memoryBytes: memoryBytes(context),
      threads: context.threads,
    });
    const expected = context.items / CHANGED_ONE_IN;
    if (answer.rowsUpdated !== expected) throw new Error(`${answer.rowsUpdated} rows updated, not ${expected}`);
    return { ...usage, workSeconds: answer.seconds, keptBytes: (await folderBytes(table)) - before };
  });
}

async function deltaRs(verb: "create" | "merge", request: { table: string; source: string }): Promise<Sample> {
  const before = await folderBytes(request.table);
  const python = join(partFolder(DELTA_RS), "bin", "python");
  const usage = await measureProcess(
    python,
    [DELTA_RS_SCRIPT, verb, JSON.stringify({ ...request, key: "order_id" })],
    {},
  );
  const { seconds } = JSON.parse(usage.result) as { readonly seconds: number };
  return { ...usage, workSeconds: seconds, keptBytes: (await folderBytes(request.table)) - before };
}

/** Two tables with equal rows, each written in one go by its own product. */
async function makeTables(context: BenchContext): Promise<Tables> {
  const folder = await freshFolder(context, "merge");
  const changed = context.items / CHANGED_ONE_IN;
  const rows = await asParquet(context, fullExport(context.items), join(folder, "rows.parquet"));
  const source = await asParquet(context, changedItems(context.items, changed), join(folder, "source.parquet"));
  const ours = join(folder, "ours");
  await measureSubject("delta-create", {
    table: ours,
    source: rows,
    schema: ORDER_TYPES,
    memoryBytes: memoryBytes(context),
    threads: context.threads,
  });
  const { available, reason } = partsAvailable(DELTA_RS);
  if (!available) {
    console.error(`  SKIPPED: delta-rs beside it: ${reason}`);
    return { ours, theirs: undefined, source };
  }
  const theirs = join(folder, "theirs");
  await deltaRs("create", { table: theirs, source: rows });
  return { ours, theirs, source };
}

async function asParquet(context: BenchContext, exports: OrderExports, target: string): Promise<string> {
  const { memory, threads } = context;
  const files = await dataFiles(await exports(context.cache));
  await measureSubject("raw-copy", { files, shape: "full", target, memory, threads, spill: `${target}.spill` });
  return target;
}

function writtenFinding(samples: readonly Sample[], tableBytes: number): Finding {
  const heading = { id: "merge-written", title: "Bytes the merge adds: sluice/delta" };
  return figureOf(heading, share(samples, tableBytes), { unit: " % of the table", target: WRITTEN_MOST });
}

function share(samples: readonly Sample[], tableBytes: number): number {
  return (median(samples.map((one) => one.keptBytes ?? Number.NaN)) / tableBytes) * 100;
}

const ORDER_TYPES = {
  order_id: "string",
  customer_id: "string",
  placed_at: "string",
  status: "string",
  amount: "string",
  quantity: "string",
  is_gift: "boolean",
  address: {
    type: "struct",
    fields: ["city", "country", "postcode"].map((name) => ({ name, type: "string", nullable: true, metadata: {} })),
  },
  tags: { type: "array", elementType: "string", containsNull: true },
  payment_ref: "string",
  coupon: "string",
  updated_at: "string",
} as const;
