// A new table of this product with the rows of a Parquet file.
import { DeltaTable } from "sluice/delta";

/** @type {{ table: string, source: string, schema: Record<string, string>, memoryBytes: number, threads: number }} */
const { table: path, source, schema, memoryBytes, threads } = JSON.parse(process.argv[2] ?? "");

const table = await DeltaTable.create(path, { schema, memoryBytes, threads });
const startedMs = performance.now();
await table.append({ parquet: [source] });
const seconds = (performance.now() - startedMs) / 1000;
await table.close();
console.log(JSON.stringify({ seconds }));
