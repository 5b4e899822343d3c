// A merge through `sluice/delta`, as a user writes it.
import { DeltaTable } from "sluice/delta";

/** @type {{ table: string, source: string, key: string, memoryBytes: number, threads: number }} */
const { table: path, source, key, memoryBytes, threads } = JSON.parse(process.argv[2] ?? "");

const table = await DeltaTable.open(path, { memoryBytes, threads });
// Loads the engine, as importing delta-rs loads its own; the figure of the whole process has it.
for await (const _rows of table.query("SELECT 1")) continue;
const startedMs = performance.now();
const outcome = await table.merge({ parquet: [source] }, { keys: [key] });
const seconds = (performance.now() - startedMs) / 1000;
if (outcome.kind !== "committed") throw new Error(`the merge ended as ${outcome.kind}`);
await table.close();
console.log(JSON.stringify({ seconds, ...outcome.metrics }));
