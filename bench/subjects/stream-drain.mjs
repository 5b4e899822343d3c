// A table's stream into Bronze by one run: what `sluice run` does, without the start of Node.
import { bronze, defineLake, dynamodb, openLake, resolveLake } from "sluice";

/** @type {{ endpoint: string, lake: string, table: string, memoryBytes: number, threads: number }} */
const { endpoint, lake: folder, table, memoryBytes, threads } = JSON.parse(process.argv[2] ?? "");

const orders = bronze("orders", {
  source: dynamodb({ table, keys: ["id"], scan: true, stream: true, endpoint }),
});
const definition = defineLake({ name: "live", storage: folder, engine: { threads }, tables: [orders] });
const lake = openLake(resolveLake(definition, { folder, machine: { memoryBytes, cores: threads } }));
for await (const _rows of lake.query("SELECT 1")) continue;
const startedMs = performance.now();
const report = await lake.run();
const seconds = (performance.now() - startedMs) / 1000;
const [{ outcome, error } = { outcome: "missing", error: undefined }] = report.tables;
await lake[Symbol.asyncDispose]();
if (outcome !== "changed") throw error ?? new Error(`The run ended as ${outcome}`);
console.log(JSON.stringify({ seconds }));
