import { must } from "../../base/index.ts";
import type { BronzeDefinition, SilverDefinition } from "../../definition/index.ts";
import type { TxnClaim } from "../../delta/index.ts";
import { openNewest, placeOf, type LayerContext, type TablePlace } from "../context.ts";
import { quarantineName } from "../quarantine/quarantine.ts";
import { foldSilver, type FoldOutcome } from "./fold.ts";
import { silverSchema } from "./silver-schema.ts";
import { silverCreation, silverProperties } from "./silver-table.ts";
import { tombstonePlace } from "./tombstones.ts";

/**
 * Computes a Silver table anew from Bronze: folded aside first, then put in place in one commit, so that readers see the
 * table of before or of after. Fails with `table.superseded` when another process folded in the meantime.
 */
export async function rebuildSilver(
  context: LayerContext,
  definition: SilverDefinition,
  bronze: BronzeDefinition,
): Promise<FoldOutcome> {
  const name = definition.name.slice("silver.".length);
  const shadow = context.tables.place("system", `rebuild_${name}`);
  const shadowTombstones = context.tables.place("system", `rebuild_tombstones_${name}`);
  await removeTable(shadow);
  await removeTable(shadowTombstones);
  const before = await openNewest(placeOf(context, definition.name));
  await forgetQuarantined(context, definition);
  const folded = await foldSilver(context, { definition, bronze, silver: shadow, tombstones: shadowTombstones });
  await copyTombstones(context, shadowTombstones, tombstonePlace(context, definition));
  const rebuilt = await openNewest(shadow);
  const positions = must(rebuilt.snapshot, "a fold leaves a table").txns;
  const claims = [...positions.values()].map((txn): TxnClaim => ({
    appId: txn.appId,
    version: txn.version,
    expected: before.snapshot?.txns.get(txn.appId)?.version ?? -1,
  }));
  const outcome = await context.engine.overwrite(
    before,
    { sql: "SELECT * FROM rebuilt", inputs: { rebuilt: { kind: "table", table: rebuilt } } },
    {
      create: silverCreation(definition),
      replaceSchema: silverSchema(definition),
      describe: {
        ...(definition.meaning.description === undefined ? {} : { description: definition.meaning.description }),
        properties: silverProperties(definition),
      },
      txns: claims,
      operationParameters: { rebuild: "true", run: context.run },
    },
  );
  await removeTable(shadow);
  await removeTable(shadowTombstones);
  return { ...folded, changed: true, version: outcome.kind === "nothing" ? undefined : outcome.version };
}

/** What the old definition set aside may pass the new one; the fold sets aside again what does not. */
async function forgetQuarantined(context: LayerContext, definition: SilverDefinition): Promise<void> {
  const quarantine = await openNewest(context.tables.place("quarantine", quarantineName(definition.name)));
  if (quarantine.snapshot === undefined) return;
  await context.engine.delete(quarantine, "true", { operationParameters: { rebuild: "true", run: context.run } });
}

async function copyTombstones(context: LayerContext, from: TablePlace, to: TablePlace): Promise<void> {
  const source = await openNewest(from);
  const target = await openNewest(to);
  if (source.snapshot === undefined) {
    if (target.snapshot !== undefined) await context.engine.delete(target, "true");
    return;
  }
  const { schema } = source.snapshot.metadata;
  await context.engine.overwrite(
    target,
    { sql: "SELECT * FROM tombstones", inputs: { tombstones: { kind: "table", table: source } } },
    { create: { name: to.name, schema } },
  );
}

/** Removes a shadow: nobody reads it, so that its files may go at once. */
async function removeTable(place: TablePlace): Promise<void> {
  const paths: string[] = [];
  for await (const { path } of place.store.list("")) paths.push(path);
  // The log goes last and backwards: what is left after a crash has no version 0 and is no table.
  const log = paths.filter((path) => path.startsWith("_delta_log/"));
  await place.store.remove(log);
  await place.store.remove(paths.filter((path) => !path.startsWith("_delta_log/")));
}
