import type { DuckdbEngineOptions } from "./duckdb/duckdb-engine.ts";
import type { Engine } from "./engine.ts";

/** The DuckDB engine. It is loaded here, at its first use: that takes longer than a run with nothing new may take. */
export async function duckdbEngine(options: DuckdbEngineOptions): Promise<Engine> {
  const duckdb = await import("./duckdb/duckdb-engine.ts");
  return await duckdb.duckdbEngine(options);
}
