import { isOnlyRearranged, type TableHead } from "../delta/index.ts";
import { definitionFingerprint, type GoldDefinition, type SilverDefinition } from "../definition/index.ts";
import { FINGERPRINT_PROPERTY, foldAppId, inputAppId, joinAppId, placeOf, type LayerContext } from "../layers/index.ts";

/**
 * Whether a Silver table has folded in everything, judged by heads, and by the commits since where a table was only rearranged: no
 * file list is read, no engine started.
 */
export async function isSilverIdle(
  context: Pick<LayerContext, "tables">,
  definition: SilverDefinition,
): Promise<boolean> {
  const silver = await placeOf(context, definition.name).log.head();
  const source = placeOf(context, definition.from);
  const bronze = await source.log.head();
  if (bronze === undefined) return silver === undefined;
  if (silver === undefined || !follows(silver, definitionFingerprint(definition))) return false;
  const folded = silver.txns.get(foldAppId(bronze.metadata.id))?.version ?? -1;
  if (!(await isOnlyRearranged(source.log, folded, bronze.version))) return false;
  for (const join of definition.joins) {
    const { log } = placeOf(context, join.table);
    const joined = await log.head();
    if (joined === undefined) continue;
    const pinned = silver.txns.get(joinAppId(joined.metadata.id, join.alias))?.version ?? -1;
    if (!(await isOnlyRearranged(log, pinned, joined.version))) return false;
  }
  return true;
}

/** Whether a Gold table was computed from the newest versions of its inputs by its present definition. */
export async function isGoldIdle(context: Pick<LayerContext, "tables">, definition: GoldDefinition): Promise<boolean> {
  const gold = await placeOf(context, definition.name).log.head();
  if (gold === undefined || !follows(gold, definitionFingerprint(definition))) return false;
  for (const name of definition.reads) {
    const { log } = placeOf(context, name);
    const input = await log.head();
    if (input === undefined) return false;
    const pinned = gold.txns.get(inputAppId(input.metadata.id, name))?.version ?? -1;
    if (!(await isOnlyRearranged(log, pinned, input.version))) return false;
  }
  return true;
}

/** Whether the content of an existing Silver table follows another definition than the present one. */
export async function isRedefined(
  context: Pick<LayerContext, "tables">,
  definition: SilverDefinition,
): Promise<boolean> {
  const silver = await placeOf(context, definition.name).log.head();
  return silver !== undefined && !follows(silver, definitionFingerprint(definition));
}

function follows(head: TableHead, fingerprint: string): boolean {
  return head.metadata.configuration[FINGERPRINT_PROPERTY] === fingerprint;
}
