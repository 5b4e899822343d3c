import { SluiceError, isFailure, messageOf } from "../base/index.ts";
import type { AutoCompaction, TableDefinition } from "../definition/index.ts";
import type { OptimizeMetrics } from "../engine/index.ts";
import { openNewest, placeOf, type LayerContext, type TablePlace } from "./context.ts";
import { quarantineName } from "./quarantine/quarantine.ts";
import { tombstonePlace } from "./silver/tombstones.ts";

/** What became of a table's small files after a run wrote to it. */
export type Compaction =
  | { readonly kind: "done"; readonly table: string; readonly version: number; readonly metrics: OptimizeMetrics }
  /** The table is as it was, with its small files; the next run that writes to it tries again. */
  | {
      readonly kind: "failed";
      readonly table: string;
      /** The table of the lake that the run worked on: the same, or the one whose quarantine or tombstones these are. */
      readonly of: string;
      readonly error: SluiceError;
    };

/** The tables that a run may have written to for a table of the lake: itself, what it set aside, and what it deleted. */
export function writtenPlaces(
  context: LayerContext,
  definition: TableDefinition,
  { quarantined }: { readonly quarantined: number },
): readonly TablePlace[] {
  const places = [placeOf(context, definition.name)];
  if (definition.layer === "silver") places.push(tombstonePlace(context, definition));
  if (quarantined > 0) places.push(context.tables.place("quarantine", quarantineName(definition.name)));
  return places;
}

/**
 * Puts a table's small files together, in a commit of its own that changes no row, once there are enough of them. What goes wrong
 * is told and harms nothing; undefined where there was nothing to do.
 */
export async function compactAfterCommit(
  context: LayerContext,
  place: TablePlace,
  { of = place.name, limits }: { readonly of?: string; readonly limits: AutoCompaction },
): Promise<Compaction | undefined> {
  const table = place.name;
  try {
    const open = await openNewest(place);
    if (open.snapshot === undefined) return undefined;
    const outcome = await context.engine.optimize(open, {
      auto: limits,
      operationParameters: { run: context.run },
      ...(context.signal === undefined ? {} : { signal: context.signal }),
      onProgress: ({ files, bytes }) =>
        context.onProgress?.({ table, phase: "optimize", detail: `${files} small files`, rows: 0, bytes }),
    });
    if (outcome.kind !== "committed") return undefined;
    return { kind: "done", table, version: outcome.version, metrics: outcome.metrics };
  } catch (error) {
    return { kind: "failed", table, of, error: isFailure(error) ? error : unexpected(table, error) };
  }
}

function unexpected(table: string, error: unknown): SluiceError {
  return new SluiceError("internal.bug", `Cannot put the small files of ${table} together: ${messageOf(error)}`, {
    cause: error,
    facts: { table },
  });
}
