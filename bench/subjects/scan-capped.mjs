// A scan into Bronze that is kept to a budget of read units, by one run: what `sluice run` does, without the start of Node.
import { bronze, defineLake, dynamodb, openLake, resolveLake } from "sluice";

/** @type {{ endpoint: string, lake: string, table: string, readCapacity: number, items: number, memoryBytes: number, threads: number }} */
const { endpoint, lake: folder, table, readCapacity, items, memoryBytes, threads } = JSON.parse(process.argv[2] ?? "");

const orders = bronze("orders", { source: dynamodb({ table, keys: ["id"], scan: { readCapacity }, endpoint }) });
const definition = defineLake({ name: "budget", storage: folder, engine: { threads }, tables: [orders] });
const lake = openLake(resolveLake(definition, { folder, machine: { memoryBytes, cores: threads } }));
const startedMs = performance.now();
const report = await lake.run();
const seconds = (performance.now() - startedMs) / 1000;
const [{ outcome, error } = { outcome: "missing", error: undefined }] = report.tables;
if (outcome !== "changed") throw error ?? new Error(`The run ended as ${outcome}`);
for await (const rows of lake.query("SELECT count(*) AS items FROM bronze.orders WHERE _op <> 'T'"))
  for (const { items: found } of rows)
    if (Number(found) !== items) throw new Error(`${Number(found)} items of ${items}`);
await lake[Symbol.asyncDispose]();
console.log(JSON.stringify({ seconds }));
