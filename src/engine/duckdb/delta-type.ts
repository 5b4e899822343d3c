import { DuckDBTypeId, type DuckDBType } from "./duckdb-api.ts";
import { SluiceError } from "../../base/index.ts";
import {
  arrayOf,
  decimal,
  field,
  mapOf,
  struct,
  type DataType,
  type PrimitiveName,
  type StructType,
} from "../../contract/index.ts";

export interface EngineColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** The Delta schema that holds the columns of a result; a type that no table can hold fails with `query.invalid`. */
export function deltaSchema(columns: readonly EngineColumn[]): StructType {
  return struct(
    columns.map((column) => {
      const type = deltaType(column.type);
      if (type === undefined) throw noSuchType(column);
      return field(column.name, type);
    }),
  );
}

/**
 * The Delta type for a DuckDB type; undefined where there is none. The sums of whole numbers (HUGEINT) become long, as they
 * are in Spark: a value beyond it fails when it is cast.
 */
function deltaType(type: DuckDBType): DataType | undefined {
  const { typeId } = type;
  if (typeId === DuckDBTypeId.DECIMAL) return decimal(type.width, type.scale);
  if (typeId === DuckDBTypeId.LIST || typeId === DuckDBTypeId.ARRAY) return wrapped(type.valueType, arrayOf);
  if (typeId === DuckDBTypeId.STRUCT) return deltaStruct(type.entryNames, type.entryTypes);
  if (typeId === DuckDBTypeId.MAP) {
    const key = deltaType(type.keyType);
    return key === undefined ? undefined : wrapped(type.valueType, (value) => mapOf(key, value));
  }
  return PRIMITIVES[typeId];
}

const PRIMITIVES: Readonly<Partial<Record<DuckDBTypeId, PrimitiveName>>> = {
  [DuckDBTypeId.BOOLEAN]: "boolean",
  [DuckDBTypeId.TINYINT]: "byte",
  [DuckDBTypeId.SMALLINT]: "short",
  [DuckDBTypeId.INTEGER]: "integer",
  [DuckDBTypeId.BIGINT]: "long",
  [DuckDBTypeId.HUGEINT]: "long",
  [DuckDBTypeId.UTINYINT]: "short",
  [DuckDBTypeId.USMALLINT]: "integer",
  [DuckDBTypeId.UINTEGER]: "long",
  [DuckDBTypeId.UBIGINT]: "decimal(20,0)",
  [DuckDBTypeId.UHUGEINT]: "decimal(38,0)",
  [DuckDBTypeId.FLOAT]: "float",
  [DuckDBTypeId.DOUBLE]: "double",
  [DuckDBTypeId.VARCHAR]: "string",
  [DuckDBTypeId.UUID]: "string",
  [DuckDBTypeId.ENUM]: "string",
  [DuckDBTypeId.SQLNULL]: "string",
  [DuckDBTypeId.BLOB]: "binary",
  [DuckDBTypeId.DATE]: "date",
  [DuckDBTypeId.TIMESTAMP]: "timestamp_ntz",
  [DuckDBTypeId.TIMESTAMP_S]: "timestamp_ntz",
  [DuckDBTypeId.TIMESTAMP_MS]: "timestamp_ntz",
  [DuckDBTypeId.TIMESTAMP_TZ]: "timestamp",
};

function wrapped(type: DuckDBType, wrap: (inner: DataType) => DataType): DataType | undefined {
  const inner = deltaType(type);
  return inner === undefined ? undefined : wrap(inner);
}

function deltaStruct(names: readonly string[], types: readonly DuckDBType[]): StructType | undefined {
  const fields = names.map((name, index) => {
    const type = types[index];
    return { name, type: type === undefined ? undefined : deltaType(type) };
  });
  const known = fields.flatMap(({ name, type }) => (type === undefined ? [] : [field(name, type)]));
  return known.length === fields.length ? struct(known) : undefined;
}

function noSuchType(column: EngineColumn): SluiceError {
  return new SluiceError(
    "query.invalid",
    `Cannot keep column ${JSON.stringify(column.name)}: no table can hold the type ${String(column.type)}`,
    { advice: "Cast the column to a type of Delta tables, such as varchar, bigint, decimal(p,s) or timestamptz." },
  );
}
