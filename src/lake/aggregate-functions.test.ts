import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { AGGREGATE_FUNCTIONS } from "./aggregate-functions.ts";

test("the aggregate functions are those of this DuckDB", async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const found = await connection.runAndReadAll(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate' AND schema_name = 'main'",
  );
  expect([...AGGREGATE_FUNCTIONS].toSorted()).toEqual(
    found
      .getRows()
      .map(([name]) => String(name))
      .toSorted(),
  );
});
