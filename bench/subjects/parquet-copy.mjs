// Rewrites a Parquet file as DuckDB by itself writes one, in the order of its rows.
import { DuckDBInstance } from "@duckdb/node-api";

/** @type {{ source: string, target: string, memory: string, threads: number, spill: string }} */
const { source, target, memory, threads, spill } = JSON.parse(process.argv[2] ?? "");

const startedMs = performance.now();
const database = await DuckDBInstance.create(":memory:", {
  memory_limit: memory,
  threads: String(threads),
  temp_directory: spill,
});
const connection = await database.connect();
await connection.run(`COPY (FROM read_parquet('${source}')) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
console.log(JSON.stringify({ seconds: (performance.now() - startedMs) / 1000 }));
