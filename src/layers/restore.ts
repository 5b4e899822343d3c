import { SluiceError } from "../base/index.ts";
import { restore, type RestoreOptions, type RestoreOutcome, type RestoreTable } from "../delta/index.ts";

/**
 * Restores a table, of a lake or any other, by what it is. Bronze is the record itself and is refused. Silver and Gold give up their
 * positions with their rows: the next run takes in again what they took in since, which leads where they were if
 * nothing else has changed. A Silver table's tombstones stay: they are deletes that the run would find again.
 */
export async function restoreTable(
  table: RestoreTable,
  options: Omit<RestoreOptions, "rewindTxns">,
): Promise<RestoreOutcome> {
  const layer = (await layerOf(table)) ?? "";
  if (layer === "bronze") {
    throw new SluiceError("plan.refused", `Cannot restore ${table.name}: Bronze is the record itself`, {
      facts: { table: table.name },
      advice: "Read the old version with `sluice read --version`; restore the tables that are made from it.",
    });
  }
  return await restore(table, { ...options, rewindTxns: layer === "silver" || layer === "gold" });
}

/** Tables of a lake say what they are, wherever they lie. */
async function layerOf({ log }: RestoreTable): Promise<string | undefined> {
  const name = (await log.head())?.metadata.name;
  return /^(bronze|silver|gold)\.[a-z][a-z0-9_]*$/.exec(name ?? "")?.[1];
}
