import { SluiceError, type World } from "../../base/index.ts";
import {
  READ_NOTHING,
  addConstraint,
  dropColumn,
  dropConstraint,
  isClusteredBy,
  mapColumns,
  renameColumn,
  widenColumn,
  type TableMetadata,
} from "../../delta/index.ts";
import type { OpenTable, TableChange, WriteOptions, WriteOutcome } from "../engine.ts";
import { commitLoop, type PreparedWrite, type Verb } from "./commit-loop.ts";
import type { EngineParts } from "./engine-parts.ts";
import { filesMetrics } from "./write-metrics.ts";
import { assertKeptByRows } from "./rules/kept-by-rows.ts";
import { newPhysicalName, refuseNewConstraint, type WriteTarget } from "./write-target.ts";

/** Changes a table itself. Where another writer changes it meanwhile, the change is made on what that one left. */
export async function alter(
  parts: EngineParts,
  table: OpenTable,
  change: TableChange,
  options: Pick<WriteOptions, "signal"> = {},
): Promise<WriteOutcome> {
  const { world } = parts.database;
  const prepare = async (target: WriteTarget): Promise<PreparedWrite> => {
    if (change.kind === "drop-column") refuseClustered({ ...table, snapshot: target.snapshot }, change.column);
    const isNew = change.kind === "add-constraint" && target.newMetadata !== undefined;
    if (isNew) await assertKeptByRows(parts, { table, target, name: change.name, signal: options.signal });
    // A row that appears meanwhile may break the new constraint.
    const reads = isNew ? { wholeTable: true, files: new Set<string>() } : READ_NOTHING;
    return { adds: [], removes: [], reads, metrics: filesMetrics([], []) };
  };
  return await commitLoop(world, table, { ...verbOf(change, { world, tableName: table.name }), prepare }, options);
}

function refuseClustered({ name, snapshot }: OpenTable, column: readonly string[]): void {
  if (snapshot === undefined || !isClusteredBy(snapshot.metadata, snapshot.domains, column)) return;
  throw new SluiceError(
    "table.unsupported",
    `Cannot drop column ${column.join(".")} of table ${name}: it is clustered by it`,
    {
      advice: "Cluster the table by other columns first.",
    },
  );
}

/** Operations have the names that other engines show them by. */
function verbOf(change: TableChange, { world, tableName }: { world: World; tableName: string }): Omit<Verb, "prepare"> {
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
    case "add-constraint":
      return {
        operation: "ADD CONSTRAINT",
        operationParameters: { name: change.name, expr: change.expression },
        change: (metadata) => addConstraint(metadata, change),
      };
    case "drop-constraint":
      return {
        operation: "DROP CONSTRAINT",
        operationParameters: { name: change.name },
        change: (metadata) => dropConstraint(metadata, change.name),
      };
    case "widen-column":
      return {
        operation: "CHANGE COLUMN",
        operationParameters: { column: change.column.join("."), type: change.type },
        change: (metadata) => widenColumn(metadata, change.column, change.type),
      };
    case "cluster-by":
      return {
        operation: "CLUSTER BY",
        operationParameters: { newClusteringColumns: change.columns.map((column) => column.join(".")).join(",") },
        clusterBy: change.columns,
      };
    case "set-properties":
      return {
        operation: "SET TBLPROPERTIES",
        operationParameters: { properties: JSON.stringify(change.properties) },
        change: (metadata) => {
          const changed = withProperties(metadata, change.properties);
          refuseNewConstraint(metadata, changed, tableName);
          return mapColumns(changed, metadata, () => newPhysicalName(world));
        },
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
