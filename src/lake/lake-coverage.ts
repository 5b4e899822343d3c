import { isFailure, type SluiceError } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { BronzeDefinition } from "../definition/index.ts";
import { batchLog, channelHistories, ledgerOf, placeOf, type Hole, type Ledger } from "../layers/index.ts";
import { planBronze } from "../orchestration/index.ts";
import type { Source } from "../sources/index.ts";
import type { Lake } from "./open-lake.ts";

/** Which part of a source's history a Bronze table has, and which it has not. */
export interface TableCoverage {
  readonly table: TableName;
  /** `dynamodb orders` */
  readonly source: string;
  /** undefined: its channels cannot tell, or it cannot be read. */
  readonly ledger: Ledger | undefined;
  /** Channels that cannot tell what they cover. */
  readonly silent: readonly string[];
  /** Whether there are older batches that nobody looked at. */
  readonly isCut: boolean;
  /** A gap that the source itself shows at present, such as a hole between exports; or why the table cannot be read. */
  readonly problem: SluiceError | undefined;
  /** Why the source could not be asked: the rest is by the manifests alone. */
  readonly unasked: SluiceError | undefined;
  /** What to do, where there is something to do. */
  readonly next: string | undefined;
}

/** Whether changes are missing that nothing in Bronze makes up for. */
export function hasGap({ ledger, problem }: TableCoverage): boolean {
  return ledger?.verdict === "gap" || problem?.code === "source.gap";
}

/**
 * What covers the history of each source, by the manifests of its batches, and what the source says to it at present. Reads manifests and
 * heads, and asks the source for what a plan asks; writes nothing, starts no engine.
 */
export async function lakeCoverage(lake: Lake, only?: ReadonlySet<TableName>): Promise<readonly TableCoverage[]> {
  const tables = lake.definition.tables.flatMap((table) =>
    table.layer === "bronze" && (only === undefined || only.has(table.name)) ? [table] : [],
  );
  return await Promise.all(tables.map(async (definition) => await tableCoverage(lake, definition)));
}

async function tableCoverage(lake: Lake, definition: BronzeDefinition): Promise<TableCoverage> {
  const { name: table } = definition;
  const nothing = {
    ledger: undefined,
    silent: [],
    isCut: false,
    problem: undefined,
    unasked: undefined,
    next: undefined,
  };
  let source: string = definition.source.kind;
  try {
    const opened = lake.source(definition);
    source = `${opened.system} ${opened.table}`;
    const [kept, asked] = await Promise.all([
      ledgerFrom(lake, definition, opened),
      askSource(lake, definition, opened),
    ]);
    const told = { ...nothing, table, source, ...kept, ...asked };
    return { ...told, next: nextStep(told, opened) };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { ...nothing, table, source, problem: error, next: error.advice };
  }
}

async function ledgerFrom(
  lake: Lake,
  { name }: BronzeDefinition,
  source: Source,
): Promise<Pick<TableCoverage, "ledger" | "silent" | "isCut">> {
  const silent = source.channels.filter((channel) => channel.covered === undefined).map((channel) => channel.name);
  if (silent.length === source.channels.length) return { ledger: undefined, silent, isCut: false };
  const log = batchLog(lake.tables.systemStore, name.slice("bronze.".length));
  const { channels, isCut } = await channelHistories(placeOf(lake, name), log, source);
  const spans = [...channels].flatMap(([channel, history]) => channel.covered?.(history) ?? []);
  return { ledger: ledgerOf(spans, lake.world.nowMs()), silent, isCut };
}

/** Whether a table has everything that its source had, by the manifests of its batches alone: the source is not asked. */
export async function isCovered(lake: Lake, definition: BronzeDefinition): Promise<boolean> {
  const { ledger } = await ledgerFrom(lake, definition, lake.source(definition));
  return ledger?.verdict === "covered";
}

async function askSource(
  lake: Lake,
  definition: BronzeDefinition,
  source: Source,
): Promise<Pick<TableCoverage, "problem" | "unasked">> {
  try {
    const plans = await planBronze(lake, definition, source);
    const gap = plans.find(({ problem }) => problem?.code === "source.gap")?.problem;
    return { problem: gap, unasked: undefined };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { problem: undefined, unasked: error };
  }
}

function nextStep(coverage: Omit<TableCoverage, "next">, { system, channels }: Source): string | undefined {
  const { ledger, problem, table } = coverage;
  const run = `sluice run ${table}`;
  if (ledger === undefined || ledger.verdict === "covered" || ledger.verdict === "unproven") return problem?.advice;
  const open = openHole(ledger);
  if (open === undefined || open.underWay !== undefined) return run;
  if (system === "dms" && open.kind === "start") return `Have AWS DMS load the table whole, then \`${run}\``;
  if (open.advice !== undefined) return `${open.advice}, then \`${run}\``;
  const fills = channels.some(({ name }) => name === "scan" || name === "export-requests");
  if (ledger.verdict === "loading" || fills) return run;
  return problem?.advice ?? `${exportFrom(open)}, then \`${run}\``;
}

/** What is to be filled first. */
function openHole({ holes }: Ledger): Hole | undefined {
  const open = holes.filter((hole) => hole.filledBy === undefined);
  return open.find(({ kind }) => kind !== "start") ?? open[0];
}

function exportFrom({ neededMs }: Hole): string {
  return `Export the table as of ${new Date(neededMs).toISOString().slice(0, 19)}Z or later`;
}
