// A new table in S3 with the rows of a query.
import { DeltaTable } from "sluice/delta";

/** @type {{ table: string, sql: string, schema: Record<string, string>, memoryBytes: number, threads: number }} */
const { table: path, sql, ...options } = JSON.parse(process.argv[2] ?? "");

const table = await DeltaTable.create(path, options);
const startedMs = performance.now();
await table.append({ sql, inputs: {} });
const seconds = (performance.now() - startedMs) / 1000;
const bytes = [...table.snapshot.files.values()].reduce((sum, file) => sum + file.sizeBytes, 0);
await table.close();
console.log(JSON.stringify({ seconds, bytes }));
