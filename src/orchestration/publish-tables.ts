import type { SluiceError } from "../base/index.ts";
import type { TableName } from "../contract/index.ts";
import type { TableDefinition } from "../definition/index.ts";
import {
  isPublished,
  publishTable,
  publishes,
  type LayerContext,
  type PublishOptions,
  type PublishOutcome,
} from "../layers/index.ts";
import { asFailure } from "./as-failure.ts";
import type { TableReport } from "./run-report.ts";

/** What one run brought into the target of one table. */
export interface PublicationReport {
  readonly table: TableName;
  readonly target: string;
  readonly outcome: "published" | "unchanged" | "failed";
  /** Of the table. */
  readonly version: number | undefined;
  readonly put: number;
  readonly deleted: number;
  /** Units of write capacity. */
  readonly units: number;
  readonly error: SluiceError | undefined;
  readonly elapsedMs: number;
}

/** Publishes the tables that say where, one after the other, unless their newest version is there already. */
export async function publishTables(
  context: LayerContext,
  definitions: readonly TableDefinition[],
  options: PublishOptions & { readonly reports?: readonly TableReport[] },
): Promise<readonly PublicationReport[]> {
  const publications: PublicationReport[] = [];
  const isForced = options.repairs === true || options.takesOver === true;
  for (const definition of definitions) {
    if (!publishes(definition)) continue;
    const report = options.reports?.find(({ table }) => table === definition.name);
    // What a table that failed has is what was published before, or what the next run will publish.
    if (report !== undefined && (report.outcome === "failed" || report.outcome === "blocked")) continue;
    if (context.signal?.aborted === true) break;
    const startedMs = context.world.nowMs();
    const base = { table: definition.name, target: `dynamodb ${definition.publish.table}` };
    const nothing = { version: undefined, put: 0, deleted: 0, units: 0, error: undefined };
    try {
      if (!isForced && (await isPublished(context, definition, options.lake))) {
        publications.push({ ...base, ...nothing, outcome: "unchanged", elapsedMs: 0 });
        continue;
      }
      const outcome = await publishTable(context, definition, options);
      publications.push({ ...base, ...reported(outcome), elapsedMs: context.world.nowMs() - startedMs });
    } catch (error) {
      const elapsedMs = context.world.nowMs() - startedMs;
      publications.push({ ...base, ...nothing, outcome: "failed", error: asFailure(error, context), elapsedMs });
    }
  }
  return publications;
}

function reported({
  changed,
  version,
  written,
}: PublishOutcome): Omit<PublicationReport, "table" | "target" | "elapsedMs"> {
  const { put, deleted, units } = written;
  return { outcome: changed ? "published" : "unchanged", version, put, deleted, units, error: undefined };
}
