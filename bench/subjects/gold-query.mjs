// What Gold is held against: the same SELECT by DuckDB alone, from one Parquet file to another.
import { DuckDBInstance } from "@duckdb/node-api";
import { loadConfig } from "../../dist/cli/load-config.js";

/** @type {{ config: string, table: string, source: string, input: string, target: string, memory: string, threads: number, spill: string }} */
const { config, table, source, input, target, memory, threads, spill } = JSON.parse(process.argv[2] ?? "");

const { definition } = await loadConfig(config, { env: process.env });
const gold = definition.tables.find((one) => one.name === table);
if (gold?.layer !== "gold") throw new Error(`${table} is no Gold table`);
const database = await DuckDBInstance.create(":memory:", {
  memory_limit: memory,
  threads: String(threads),
  temp_directory: spill,
  preserve_insertion_order: "false",
});
const connection = await database.connect();
await connection.run("SELECT 1");
const startedMs = performance.now();
await connection.run(`CREATE VIEW "${input}" AS SELECT * FROM read_parquet('${source.replaceAll("'", "''")}')`);
await connection.run(`COPY (${gold.query}) TO '${target.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
console.log(JSON.stringify({ seconds: (performance.now() - startedMs) / 1000 }));
