import type { TableDefinition } from "../definition/index.ts";
import { compactAfterCommit, writtenPlaces, type Compaction, type LayerContext } from "../layers/index.ts";
import type { TableReport } from "./run-report.ts";

/**
 * Puts the small files of the tables together that the run has written to, when all of them are done: nobody waits for it, and what
 * reads them in this run has read the files that it wrote. A run that wrote nothing leads to nothing here, however often.
 */
export async function compactTables(
  context: LayerContext,
  definitions: readonly TableDefinition[],
  reports: readonly TableReport[],
): Promise<readonly Compaction[]> {
  const compactions: Compaction[] = [];
  for (const { table, version, quarantined } of reports) {
    const definition = definitions.find(({ name }) => name === table);
    if (version === undefined || definition === undefined || definition.autoCompact === false) continue;
    for (const place of writtenPlaces(context, definition, { quarantined })) {
      if (context.signal?.aborted === true) return compactions;
      const compaction = await compactAfterCommit(context, place, { of: table, limits: definition.autoCompact });
      if (compaction !== undefined) compactions.push(compaction);
    }
  }
  return compactions;
}
