import { messageOf } from "../../../base/index.ts";
import { BLOB, DuckDBBlobValue, DuckDBScalarFunction, VARCHAR, type DuckDBConnection } from "../duckdb-api.ts";
import { variantJson } from "./variant-json.ts";

/** The function that SQL reads variants with: of their two binary columns as they lie in files, JSON text. */
export const VARIANT_JSON = "sluice_variant_json";
/** The beginning of what it says of bytes that are no variant. */
export const NO_VARIANT = "Cannot read a value of type variant";

/** Makes the function known to all connections of the database. */
export function registerVariantJson(connection: DuckDBConnection): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: VARIANT_JSON,
      parameterTypes: [BLOB, BLOB],
      returnType: VARCHAR,
      // It is asked about nulls, too.
      specialHandling: true,
      mainFunction: (call, input, output) => {
        try {
          const [metadata, values] = [input.getColumnVector(0), input.getColumnVector(1)];
          for (let row = 0; row < input.rowCount; row += 1) {
            output.setItem(row, jsonOf(metadata.getItem(row), values.getItem(row)));
          }
          output.flush();
        } catch (error) {
          call.setError(`${NO_VARIANT}: ${messageOf(error)}`);
        }
      },
    }),
  );
}

function jsonOf(metadata: unknown, value: unknown): string | null {
  if (!(metadata instanceof DuckDBBlobValue)) return null;
  if (!(value instanceof DuckDBBlobValue)) throw new RangeError("it has no value");
  return variantJson(metadata.bytes, value.bytes);
}
