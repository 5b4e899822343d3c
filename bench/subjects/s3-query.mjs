// A question to a table in S3, by a process that has nothing of it yet.
import { DeltaTable } from "sluice/delta";

/** @type {{ table: string, sql: string, httpfs: string, memoryBytes: number, threads: number }} */
const { table: path, sql, ...options } = JSON.parse(process.argv[2] ?? "");

const table = await DeltaTable.open(path, options);
const startedMs = performance.now();
let rows = 0;
for await (const batch of table.query(sql)) rows += batch.length;
const seconds = (performance.now() - startedMs) / 1000;
await table.close();
console.log(JSON.stringify({ seconds, rows }));
