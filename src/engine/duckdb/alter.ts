import type { World } from "../../base/index.ts";
import { READ_NOTHING, dropColumn, mapColumns, renameColumn, type TableMetadata } from "../../delta/index.ts";
import type { OpenTable, TableChange, WriteOptions, WriteOutcome } from "../engine.ts";
import { commitLoop, type PreparedWrite, type Verb } from "./commit-loop.ts";
import type { EngineParts } from "./engine-parts.ts";
import { filesMetrics } from "./write-metrics.ts";
import { newPhysicalName } from "./write-target.ts";

/** Changes a table itself. Where another writer changes it meanwhile, the change is made on what that one left. */
export async function alter(
  parts: EngineParts,
  table: OpenTable,
  change: TableChange,
  options: Pick<WriteOptions, "signal"> = {},
): Promise<WriteOutcome> {
  const { world } = parts.database;
  const verb = verbOf(change, world);
  return await commitLoop(world, table, { ...verb, prepare: prepareNothing }, options);
}

async function prepareNothing(): Promise<PreparedWrite> {
  return await Promise.resolve({ adds: [], removes: [], reads: READ_NOTHING, metrics: filesMetrics([], []) });
}

/** Operations have the names that other engines show them by. */
function verbOf(change: TableChange, world: World): Omit<Verb, "prepare"> {
  switch (change.kind) {
    case "rename-column":
      return {
        operation: "RENAME COLUMN",
        operationParameters: { oldColumnPath: change.column.join("."), newColumnName: change.to },
        change: (metadata) => renameColumn(metadata, change.column, change.to),
      };
    case "drop-column":
      return {
        operation: "DROP COLUMNS",
        operationParameters: { columns: JSON.stringify([change.column.join(".")]) },
        change: (metadata) => dropColumn(metadata, change.column),
      };
    case "set-properties":
      return {
        operation: "SET TBLPROPERTIES",
        operationParameters: { properties: JSON.stringify(change.properties) },
        change: (metadata) =>
          mapColumns(withProperties(metadata, change.properties), metadata, () => newPhysicalName(world)),
      };
  }
}

function withProperties(metadata: TableMetadata, properties: Readonly<Record<string, string | null>>): TableMetadata {
  const changes = Object.entries(properties).filter(
    ([name, value]) => (metadata.configuration[name] ?? null) !== value,
  );
  if (changes.length === 0) return metadata;
  const configuration: Record<string, string> = { ...metadata.configuration };
  for (const [name, value] of changes) {
    if (value === null) delete configuration[name];
    else configuration[name] = value;
  }
  return { ...metadata, configuration };
}
