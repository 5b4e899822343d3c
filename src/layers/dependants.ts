import type { TableName } from "../contract/index.ts";
import type { LakeDefinition } from "../definition/index.ts";
import { placeOf, type LayerContext } from "./context.ts";
import { foldAppId } from "./silver/plan-fold.ts";

/** A table that has yet to read another's newer versions one by one. */
export interface Dependant {
  readonly table: TableName;
  /** The newest version that it has taken in. */
  readonly version: number;
}

/**
 * Of the tables that read this one version by version, the one that is furthest behind; undefined where there is none. One that has
 * taken in nothing takes the live rows, and Gold and joined tables are computed from the newest version: they need no old one.
 */
export async function slowestDependant(
  context: Pick<LayerContext, "tables">,
  lake: Pick<LakeDefinition, "tables">,
  name: TableName,
): Promise<Dependant | undefined> {
  const source = await placeOf(context, name).log.head();
  let slowest: Dependant | undefined;
  for (const table of lake.tables) {
    if (source === undefined || table.layer !== "silver" || table.from !== name) continue;
    const silver = await placeOf(context, table.name).log.head();
    const version = silver?.txns.get(foldAppId(source.metadata.id))?.version ?? -1;
    if (version < 0 || version >= (slowest?.version ?? Infinity)) continue;
    slowest = { table: table.name, version };
  }
  return slowest;
}
