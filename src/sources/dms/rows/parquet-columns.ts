import { SluiceError, isFailure } from "../../../base/index.ts";
import type { StructType } from "../../../contract/index.ts";
import { quoteIdentifier, sqlTypeOf, type Engine, type Input } from "../../../engine/index.ts";
import type { PartColumn } from "./change-rows.ts";

type Inputs = Readonly<Record<string, Input>>;

/** The columns of a Parquet file with their declared types; a type that no table can hold (TIME, nanoseconds) is read as text. */
export async function parquetColumns(engine: Engine, path: string, local: string): Promise<readonly PartColumn[]> {
  const inputs: Inputs = { file: { kind: "parquet", files: [local] } };
  try {
    return (await declaredTypes(engine, inputs)).fields.map(({ name, type }) => {
      const sql = quoteIdentifier(name);
      // Unsigned numbers become the next larger signed ones.
      return { name, type, sql: typeof type === "string" ? `CAST(${sql} AS ${sqlTypeOf(type)})` : sql };
    });
  } catch (error) {
    if (!isFailure(error, "query.invalid") && !isFailure(error, "engine.failed")) throw error;
    throw new SluiceError("source.corrupt", "Cannot read a file of AWS DMS: it is no whole Parquet file", {
      facts: { file: path },
      cause: error,
    });
  }
}

async function declaredTypes(engine: Engine, inputs: Inputs): Promise<StructType> {
  try {
    return await engine.schemaOf({ sql: "SELECT * FROM file", inputs });
  } catch (error) {
    if (!isFailure(error, "query.invalid")) throw error;
  }
  const asText = await engine.schemaOf({ sql: "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM file", inputs });
  const fields: StructType["fields"][number][] = [];
  for (const column of asText.fields) {
    const sql = `SELECT ${quoteIdentifier(column.name)} FROM file`;
    const own = await engine.schemaOf({ sql, inputs }).catch((error: unknown) => {
      if (isFailure(error, "query.invalid")) return undefined;
      throw error;
    });
    fields.push(own?.fields[0] ?? column);
  }
  return { ...asText, fields };
}
