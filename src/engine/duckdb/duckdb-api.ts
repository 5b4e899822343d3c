import * as api from "@duckdb/node-api";
import type * as NodeApi from "@duckdb/node-api";
import type * as RawApi from "@duckdb/node-bindings";
import { createRequire } from "node:module";

/**
 * DuckDB's client. The build takes its sixty files into ours (decision 0007): Node would find and read each on its own, at every
 * start of every command. The one way to it leads through here.
 */

/**
 * What the client itself stands on: DuckDB's C interface. Vectors as they are in memory, valid as long as their chunk; of a vector
 * whose rows are all valid there is no validity. `get_data_from_pointer` gives the bytes at an address that a buffer holds.
 */
export const rawVectors: Pick<
  typeof RawApi,
  | "data_chunk_get_vector"
  | "vector_get_data"
  | "vector_get_validity"
  | "get_data_from_pointer"
  | "list_vector_get_child"
  | "struct_vector_get_child"
  | "copy_data_to_vector"
  | "copy_data_to_vector_validity"
  | "vector_ensure_validity_writable"
  | "vector_assign_string_element_len"
> = createRequire(import.meta.url)("@duckdb/node-bindings");

export const {
  BIGINT,
  BIT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBScalarFunction,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTableFunction,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMPTZ,
  TINYINT,
  UBIGINT,
  VARCHAR,
} = api;

export type DuckDBArrayType = NodeApi.DuckDBArrayType;
export type DuckDBArrayValue = NodeApi.DuckDBArrayValue;
export type DuckDBBitValue = NodeApi.DuckDBBitValue;
export type DuckDBBlobValue = NodeApi.DuckDBBlobValue;
export type DuckDBDataChunk = NodeApi.DuckDBDataChunk;
export type DuckDBDateValue = NodeApi.DuckDBDateValue;
export type DuckDBDecimalValue = NodeApi.DuckDBDecimalValue;
export type DuckDBInstance = NodeApi.DuckDBInstance;
export type DuckDBListType = NodeApi.DuckDBListType;
export type DuckDBListValue = NodeApi.DuckDBListValue;
export type DuckDBMapType = NodeApi.DuckDBMapType;
export type DuckDBMapValue = NodeApi.DuckDBMapValue;
export type DuckDBScalarFunction = NodeApi.DuckDBScalarFunction;
export type DuckDBStructType = NodeApi.DuckDBStructType;
export type DuckDBStructValue = NodeApi.DuckDBStructValue;
export type DuckDBTableFunction = NodeApi.DuckDBTableFunction;
export type DuckDBTimestampMillisecondsValue = NodeApi.DuckDBTimestampMillisecondsValue;
export type DuckDBTimestampSecondsValue = NodeApi.DuckDBTimestampSecondsValue;
export type DuckDBTimestampTZValue = NodeApi.DuckDBTimestampTZValue;
export type DuckDBTimestampValue = NodeApi.DuckDBTimestampValue;
export type DuckDBTypeId = NodeApi.DuckDBTypeId;
export type { DuckDBConnection, DuckDBResult, DuckDBType, DuckDBValue, DuckDBVector } from "@duckdb/node-api";
