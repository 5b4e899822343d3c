import { engineSuite } from "../../../test/contracts/engine-suite.ts";
import { duckdbEngine } from "./duckdb-engine.ts";

const MEMORY_BYTES = 512 * 2 ** 20;

engineSuite("DuckDB", async ({ world, spillFolder }) =>
  duckdbEngine({ world, spillFolder, memoryBytes: MEMORY_BYTES, threads: 2 }),
);
