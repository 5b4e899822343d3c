import { isFailure } from "../../base/index.ts";
import { textOf, type OpenTable } from "../../engine/index.ts";
import type { ReadLimits } from "../../targets/index.ts";
import { openNewest, placeOf, type LayerContext } from "../context.ts";
import { compareTarget, targetColumn } from "./compare-target.ts";
import { publishedRows, type PublishedDefinition } from "./published-rows.ts";
import type { PublishOptions } from "./publish-table.ts";

/** How a target and its table differ. */
export interface DriftReport {
  /** The version that the target should show; undefined where nothing was published. */
  readonly version: number | undefined;
  /** The table's newest version. */
  readonly newest: number | undefined;
  /** Somebody is publishing, or was stopped at it: differences are to be expected. */
  readonly isUnfinished: boolean;
  readonly rows: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
  /** Some of the keys that differ, in their order. */
  readonly keys: readonly DriftedKey[];
}

export interface DriftedKey {
  readonly what: "missing" | "different" | "extra";
  /** As the target has it. */
  readonly key: readonly string[];
}

const NOTHING: Omit<DriftReport, "version" | "newest" | "isUnfinished"> = {
  rows: 0,
  missing: 0,
  different: 0,
  extra: 0,
  keys: [],
};

/** Compares a target with the version of the table that was published into it. Reads both whole, writes nothing. */
export async function checkPublished(
  context: LayerContext,
  definition: PublishedDefinition,
  { openTarget, shownMax, ...limits }: Pick<PublishOptions, "openTarget"> & ReadLimits & { readonly shownMax: number },
): Promise<DriftReport> {
  const newest = await openNewest(placeOf(context, definition.name));
  if (newest.snapshot === undefined) return { ...NOTHING, version: undefined, newest: undefined, isUnfinished: false };
  const { keys } = publishedRows(definition, newest.snapshot.metadata.schema);
  await using target = await openTarget(definition, keys).open();
  const mark = await target.readMark();
  const table = await publishedVersion(newest, mark?.published ?? -1, mark?.source);
  const version = table.snapshot?.version ?? newest.snapshot.version;
  const rows = publishedRows(definition, (table.snapshot ?? newest.snapshot).metadata.schema);
  await using comparison = await compareTarget(context, { table, version, rows }, target, { limits });
  const columns = rows.keyColumns.map(targetColumn);
  const shown = await context.engine.rows({
    sql: `SELECT what, ${columns.join(", ")} FROM differences ORDER BY ${columns.join(", ")} LIMIT ${shownMax}`,
    inputs: { differences: { kind: "scratch", scratch: comparison.differences } },
  });
  const { missing, different, extra, rows: count } = comparison;
  return {
    version: mark === undefined || mark.published < 0 ? undefined : version,
    newest: newest.snapshot.version,
    isUnfinished: mark !== undefined && mark.claimed > mark.published,
    rows: count,
    missing,
    different,
    extra,
    keys: shown.map((row) => ({
      what: row["what"] as DriftedKey["what"],
      key: columns.map((column) => textOf(row, column)),
    })),
  };
}

/** The table as it was published; as it is now where that cannot be read any more. */
async function publishedVersion(newest: OpenTable, version: number, source: string | undefined): Promise<OpenTable> {
  const { snapshot } = newest;
  if (version < 0 || snapshot === undefined || version >= snapshot.version || source !== snapshot.metadata.id)
    return newest;
  try {
    return { ...newest, snapshot: await newest.log.at(version) };
  } catch (error) {
    if (isFailure(error, "table.version-missing")) return newest;
    throw error;
  }
}
