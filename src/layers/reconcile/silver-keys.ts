import { isFailure } from "../../base/index.ts";
import { field, struct, type TableName } from "../../contract/index.ts";
import type { SilverDefinition } from "../../definition/index.ts";
import { countOf, type Input, type OpenTable } from "../../engine/index.ts";
import { openNewest, placeOf, type LayerContext } from "../context.ts";
import { quarantineName } from "../quarantine/quarantine.ts";
import { foldAppId } from "../silver/plan-fold.ts";
import { keySql } from "../silver/shape.ts";
import { liveDigests } from "./row-digests.ts";

/** Where the keys of a Bronze table's live records are in a Silver table, at the version that it has folded in. */
export interface SilverKeys {
  readonly table: TableName;
  readonly version: number;
  /** Keys that are alive in Bronze. */
  readonly keys: number;
  /** Those that have no row, and a record in quarantine. */
  readonly quarantined: number;
  /** Those that have neither: a rule drops them, they came too late, or something is wrong. */
  readonly absent: number;
}

/** Records are looked at by their keys alone. */
const NO_ATTRIBUTES = struct([field("_rescued", "string")]);

/** undefined: the table has no rows yet, has other keys than its source, or what it has folded in cannot be read any more. */
export async function silverKeys(
  context: LayerContext,
  definition: SilverDefinition,
  sourceKeys: readonly string[],
): Promise<SilverKeys | undefined> {
  const { engine } = context;
  if (keySql(definition, sourceKeys) !== "_key") return undefined;
  const silver = await openNewest(placeOf(context, definition.name));
  const bronze = await openNewest(placeOf(context, definition.from));
  const folded = await foldedVersion(silver, bronze);
  if (folded === undefined || silver.snapshot === undefined) return undefined;
  await using live = await liveDigests(engine, folded, NO_ATTRIBUTES);
  const quarantine = await openNewest(context.tables.place("quarantine", quarantineName(definition.name)));
  const hasQuarantine = quarantine.snapshot !== undefined;
  const inputs: Record<string, Input> = {
    live: { kind: "scratch", scratch: live },
    silver: { kind: "table", table: silver },
    ...(hasQuarantine ? { quarantine: { kind: "table", table: quarantine } } : {}),
  };
  const aside = hasQuarantine ? "SELECT DISTINCT _key FROM quarantine" : "SELECT _key FROM live WHERE false";
  const [counts] = await engine.rows({
    sql: `SELECT count(*) AS keys, count(*) FILTER (WHERE s._key IS NULL AND q._key IS NOT NULL) AS quarantined,
        count(*) FILTER (WHERE s._key IS NULL AND q._key IS NULL) AS absent
      FROM live LEFT JOIN (SELECT DISTINCT _key FROM silver) s ON s._key = live._key LEFT JOIN (${aside}) q ON q._key = live._key`,
    inputs,
  });
  return {
    table: definition.name,
    version: silver.snapshot.version,
    keys: countOf(counts, "keys"),
    quarantined: countOf(counts, "quarantined"),
    absent: countOf(counts, "absent"),
  };
}

/** Bronze as Silver has folded it in. */
async function foldedVersion(silver: OpenTable, bronze: OpenTable): Promise<OpenTable | undefined> {
  if (bronze.snapshot === undefined) return undefined;
  const folded = silver.snapshot?.txns.get(foldAppId(bronze.snapshot.metadata.id))?.version;
  if (folded === undefined || folded === bronze.snapshot.version) return folded === undefined ? undefined : bronze;
  try {
    return { ...bronze, snapshot: await bronze.log.at(folded) };
  } catch (error) {
    if (isFailure(error, "table.version-missing")) return undefined;
    throw error;
  }
}
