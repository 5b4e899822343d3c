import type { TableName } from "../contract/index.ts";
import type { TableDefinition } from "../definition/index.ts";
import { placeOf, type LayerContext, type TablePlace } from "../layers/index.ts";
import { inputsOf } from "./inputs-of.ts";

/**
 * Opens the tables that a run will come to, one after the other, beside its work on another: reading a checkpoint waits for the
 * engine, and reading a source for the processor. Each log keeps what it read; who comes to a table asks for newer commits only.
 */
export async function openAhead(
  context: Pick<LayerContext, "tables" | "signal">,
  tables: readonly TableDefinition[],
  { from, besides = [] }: { readonly from: TableName; readonly besides?: readonly TablePlace[] },
): Promise<void> {
  for (const place of [...readers(context, tables, from), ...besides]) {
    if (context.signal?.aborted === true) return;
    // Whoever comes to the table meets the failure itself, and tells it in its place.
    await place.log.latest().catch(() => undefined);
  }
}

function readers(
  context: Pick<LayerContext, "tables">,
  tables: readonly TableDefinition[],
  from: TableName,
): readonly TablePlace[] {
  const names = new Set([from]);
  for (const table of tables) if (inputsOf(table).some((input) => names.has(input))) names.add(table.name);
  names.delete(from);
  return [...names].map((name) => placeOf(context, name));
}
