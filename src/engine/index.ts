export type {
  ConvertOptions,
  Engine,
  Input,
  MergeSpec,
  OpenTable,
  OptimizeMetrics,
  OptimizeOptions,
  OptimizeOutcome,
  OptimizeProgress,
  OverwriteOptions,
  Relation,
  Row,
  Scalar,
  Scratch,
  StagedRows,
  TableChange,
  TableCreation,
  UpdateSpec,
  Value,
  WriteMetrics,
  WriteOptions,
  WriteOutcome,
} from "./engine.ts";
export type { ArrowBytes } from "./arrow/stream-bytes.ts";
export { quoteIdentifier, quoteLiteral, sqlTypeOf } from "./sql-text.ts";
export { valueFromText } from "./text-value.ts";
export { engineInTurns } from "./engine-in-turns.ts";
export { lazyEngine } from "./lazy-engine.ts";
export { duckdbEngine } from "./start-duckdb.ts";
export type { DuckdbEngineOptions } from "./duckdb/duckdb-engine.ts";
export { countOf, textOf } from "./row-text.ts";
