/**
 * `sluice/delta`: Delta Lake tables from Node, without a lake around them.
 *
 * ```ts
 * import { DeltaTable } from "sluice/delta";
 *
 * await using table = await DeltaTable.create("./orders", {
 *   schema: { order_id: "string", amount: "decimal(18,2)" },
 * });
 * await table.append([{ order_id: "o-1", amount: "12.50" }]);
 * await table.merge([{ order_id: "o-1", amount: "15.00" }], { keys: ["order_id"] });
 * for await (const batch of table.read()) console.log(batch);
 * ```
 */
export { DeltaTable } from "./delta-table.ts";
export type {
  CloneTableOptions,
  ConvertTableOptions,
  CreateOptions,
  OpenOptions,
  ReadOptions,
  RowsOf,
  TypedOpenOptions,
  VersionWanted,
} from "./delta-table-options.ts";
export type { NewRowOf, NewValueOf, RowOf, TableSchema, ValueOf } from "./typed-rows.ts";
export type { S3Settings } from "./open-store.ts";
export { SluiceError, type FailureCode } from "../base/index.ts";
export type { DataType, StructField, StructType } from "../contract/index.ts";
export type {
  HistoryEntry,
  LogCleanUpOptions,
  LogCleanUpReport,
  RestoreOptions,
  RestoreOutcome,
  Snapshot,
  VacuumOptions,
  VacuumReport,
} from "../delta/index.ts";
export type {
  ArrowBytes,
  ConvertOptions,
  MergeSpec,
  OptimizeMetrics,
  OptimizeOptions,
  OptimizeOutcome,
  Row,
  UpdateSpec,
  Value,
  WriteMetrics,
  WriteOutcome,
} from "../engine/index.ts";
