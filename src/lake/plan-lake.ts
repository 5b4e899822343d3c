import { SluiceError, isFailure } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { BronzeDefinition, GoldDefinition, SilverDefinition, TableDefinition } from "../definition/index.ts";
import { definitionFingerprint } from "../definition/index.ts";
import type { TableHead } from "../delta/index.ts";
import {
  FINGERPRINT_PROPERTY,
  foldAppId,
  inputAppId,
  isPublished,
  joinAppId,
  placeOf,
  publishes,
} from "../layers/index.ts";
import { inputsOf, isGoldIdle, isRedefined, isSilverIdle, planBronze } from "../orchestration/index.ts";
import type { Notice } from "../sources/index.ts";
import type { Lake } from "./open-lake.ts";
import { isComparisonDue } from "./reconcile-lake.ts";

/** What the next run would do with one table. */
export interface TablePlan {
  readonly table: TableName;
  readonly step: PlannedStep;
  /** The target that its rows go to afterwards; undefined where there is none, or where it has them. */
  readonly publishesTo: string | undefined;
  /** It is compared with its source afterwards. */
  readonly comparesSource?: true;
  /** What is left for a later run, and what needs no reading. */
  readonly waiting: readonly Notice[];
  readonly skipped: readonly Notice[];
  /** What stops the table; a Bronze table takes in everything before it first. */
  readonly problem: SluiceError | undefined;
}

export type PlannedStep =
  /** `lacks`: an input that has no rows yet, without which the table cannot be built. */
  | { readonly kind: "nothing"; readonly lacks?: TableName }
  | { readonly kind: "read"; readonly batches: readonly PlannedRead[] }
  /**
   * Bronze versions `from..to` go into Silver; `to` is open when this run adds more. `follows`: nothing is known to be new, but an input is
   * read on; the same of `refresh`.
   */
  | {
      readonly kind: "fold";
      readonly from: number;
      readonly to: number | undefined;
      readonly because: readonly string[];
      readonly follows?: true;
    }
  | { readonly kind: "refresh"; readonly because: readonly string[]; readonly follows?: true }
  /** The definition changed: nothing is done until `sluice rebuild`. */
  | { readonly kind: "rebuild" };

export interface PlannedRead {
  readonly title: string;
  readonly files: number;
  readonly records: number;
  readonly sizeBytes: number;
}

/** All of some planned batches together. */
export function readTotals(batches: readonly PlannedRead[]): Omit<PlannedRead, "title"> {
  return {
    files: batches.reduce((sum, batch) => sum + batch.files, 0),
    records: batches.reduce((sum, batch) => sum + batch.records, 0),
    sizeBytes: batches.reduce((sum, batch) => sum + batch.sizeBytes, 0),
  };
}

/** What the next run would do, table by table in its order. Reads heads, manifests and listings only; writes nothing. */
export async function planLake(lake: Lake, only?: ReadonlySet<TableName>): Promise<readonly TablePlan[]> {
  const plans: TablePlan[] = [];
  const moving = new Map<TableName, "news" | "open">();
  const unfit = new Map<TableName, SluiceError>();
  for (const definition of lake.definition.tables) {
    if (only !== undefined && !only.has(definition.name)) continue;
    const plan = await planTable(lake, definition, { moving, unfit });
    const isMoving = plan.step.kind !== "nothing" && plan.step.kind !== "rebuild";
    if (isMoving) moving.set(definition.name, isOpen(plan.step) ? "open" : "news");
    plans.push({ ...plan, publishesTo: await plannedTarget(lake, definition, { isMoving }) });
  }
  return plans;
}

async function plannedTarget(
  lake: Lake,
  definition: TableDefinition,
  { isMoving }: { readonly isMoving: boolean },
): Promise<string | undefined> {
  if (!publishes(definition)) return undefined;
  const isThere = !isMoving && (await isPublished(lake, definition, lake.definition.name));
  return isThere ? undefined : `dynamodb ${definition.publish.table}`;
}

/** Whether a run would do anything with any table. */
export function hasWork(plans: readonly TablePlan[]): boolean {
  return plans.some((plan) => plan.step.kind !== "nothing" || plan.publishesTo !== undefined);
}

/** Whether a run would find every table up to date: then there is no need for one. */
export function isUpToDate(plans: readonly TablePlan[]): boolean {
  return plans.every(
    ({ step, problem, publishesTo, comparesSource }) =>
      comparesSource !== true &&
      step.kind === "nothing" &&
      step.lacks === undefined &&
      problem === undefined &&
      publishesTo === undefined,
  );
}

type StepPlan = Omit<TablePlan, "publishesTo">;

/** Tables that the run changes: `open` where only reading tells whether it does. */
type Moving = ReadonlyMap<TableName, "news" | "open">;

/** What the plans of the tables before say. */
interface Before {
  readonly moving: Moving;
  /** Bronze tables that no Silver table can be made of, and why. */
  readonly unfit: Map<TableName, SluiceError>;
}

async function planTable(lake: Lake, definition: TableDefinition, { moving, unfit }: Before): Promise<StepPlan> {
  try {
    switch (definition.layer) {
      case "bronze":
        return await planRead(lake, definition, unfit);
      case "silver":
        return unfitPlan(definition, unfit) ?? (await planFold(lake, definition, moving));
      case "gold":
        return { ...NOTHING, table: definition.name, step: await goldStep(lake, definition, moving) };
    }
  } catch (error) {
    // One table that cannot be planned does not keep the others from being shown.
    if (!isFailure(error)) throw error;
    return { ...NOTHING, table: definition.name, problem: error };
  }
}

const NOTHING = { step: { kind: "nothing" }, waiting: [], skipped: [], problem: undefined } as const;

async function planRead(
  lake: Lake,
  definition: BronzeDefinition,
  unfit: Map<TableName, SluiceError>,
): Promise<StepPlan> {
  const channels = await planBronze(lake, definition, lake.source(definition));
  const flaw = channels.find((channel) => channel.unfit !== undefined)?.unfit;
  if (flaw !== undefined) unfit.set(definition.name, flaw);
  const batches = channels.flatMap((channel) =>
    channel.batches.map((batch): PlannedRead => ({
      title: batch.title,
      files: batch.files.length,
      records: batch.records ?? batch.files.reduce((sum, file) => sum + file.records, 0),
      sizeBytes: batch.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    })),
  );
  const isDue = await isComparisonDue(lake, definition);
  return {
    table: definition.name,
    ...(isDue ? { comparesSource: true } : {}),
    step: batches.length === 0 ? { kind: "nothing" } : { kind: "read", batches },
    waiting: channels.flatMap((channel) => channel.waiting),
    skipped: channels.flatMap((channel) => channel.skipped),
    problem: channels.find((channel) => channel.problem !== undefined)?.problem,
  };
}

function unfitPlan({ name, from }: SilverDefinition, unfit: ReadonlyMap<TableName, SluiceError>): StepPlan | undefined {
  const problem = unfit.get(from);
  return problem === undefined ? undefined : { ...NOTHING, table: name, problem };
}

async function planFold(lake: Lake, definition: SilverDefinition, moving: Moving): Promise<StepPlan> {
  const table = definition.name;
  if (await isRedefined(lake, definition)) return needsRebuild(table);
  const movingInputs = inputsOf(definition).filter((name) => moving.has(name));
  if (movingInputs.length === 0 && (await isSilverIdle(lake, definition))) return { ...NOTHING, table };
  const bronze = await placeOf(lake, definition.from).log.head();
  const isBronzeMoving = moving.has(definition.from);
  if (bronze === undefined && !isBronzeMoving) {
    return { ...NOTHING, table, step: { kind: "nothing", lacks: definition.from } };
  }
  const silver = await placeOf(lake, table).log.head();
  const folded = foldedVersion(silver, bronze);
  const to = isBronzeMoving ? undefined : bronze?.version;
  const because = [
    ...(movingInputs.length === 0 ? [] : [newsOf(movingInputs)]),
    ...(to === undefined || folded >= to ? [] : [`${definition.from} is at version ${to}`]),
    ...(silver === undefined ? [] : await movedJoins(lake, definition, silver)),
  ];
  const follows = folded === bronze?.version ? followsAlone(because, movingInputs, moving) : {};
  return { ...NOTHING, table, step: { kind: "fold", from: folded + 1, to, because, ...follows } };
}

function isOpen(step: PlannedStep): boolean {
  if (step.kind !== "read") return "follows" in step;
  const { files, records } = readTotals(step.batches);
  return files + records === 0;
}

function followsAlone(
  because: readonly string[],
  movingInputs: readonly TableName[],
  moving: Moving,
): { readonly follows?: true } {
  const isAlone = because.length === 1 && movingInputs.length > 0;
  return isAlone && movingInputs.every((name) => moving.get(name) === "open") ? { follows: true } : {};
}

/** The newest Bronze version that Silver has folded in; -1 for none. */
function foldedVersion(silver: TableHead | undefined, bronze: TableHead | undefined): number {
  return bronze === undefined ? -1 : (silver?.txns.get(foldAppId(bronze.metadata.id))?.version ?? -1);
}

function needsRebuild(table: TableName): StepPlan {
  const problem = new SluiceError("plan.definition-changed", `Cannot fold into ${table}: its definition changed`, {
    facts: { table },
    advice: `Run \`sluice rebuild ${table}\` to compute the table anew from Bronze.`,
  });
  return { ...NOTHING, table, step: { kind: "rebuild" }, problem };
}

async function movedJoins(lake: Lake, definition: SilverDefinition, silver: TableHead): Promise<string[]> {
  const moved: string[] = [];
  for (const { table, alias } of definition.joins) {
    const joined = await placeOf(lake, table).log.head();
    if (joined === undefined || silver.txns.get(joinAppId(joined.metadata.id, alias))?.version === joined.version)
      continue;
    moved.push(`${table}, which it joins, is at version ${joined.version}`);
  }
  return moved;
}

async function goldStep(lake: Lake, definition: GoldDefinition, moving: Moving): Promise<PlannedStep> {
  const movingInputs = definition.reads.filter((name) => moving.has(name));
  if (movingInputs.length === 0 && (await isGoldIdle(lake, definition))) return { kind: "nothing" };
  const gold = await placeOf(lake, definition.name).log.head();
  const because: string[] = [];
  if (gold === undefined) because.push("it does not exist yet");
  else if (gold.metadata.configuration[FINGERPRINT_PROPERTY] !== definitionFingerprint(definition)) {
    because.push("its definition changed");
  }
  if (movingInputs.length > 0) because.push(newsOf(movingInputs));
  for (const name of definition.reads.filter((one) => !moving.has(one))) {
    const input = await placeOf(lake, name).log.head();
    if (input === undefined) return { kind: "nothing", lacks: name };
    if (gold === undefined) continue;
    const seen = gold.txns.get(inputAppId(input.metadata.id, name))?.version;
    if (seen !== input.version) because.push(`${name} is at version ${input.version}`);
  }
  return { kind: "refresh", because, ...followsAlone(because, movingInputs, moving) };
}

function newsOf(inputs: readonly TableName[]): string {
  return `this run changes ${inputs.join(", ")}`;
}
