// A lake that is kept fresh until a file says stop: what `sluice start` does, without the start of Node.
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { bronze, defineLake, dynamodb, openLake, resolveLake, s, silver } from "sluice";

/** @type {{ endpoint: string, lake: string, table: string, items: number, flush: import("sluice").Duration, memory: import("sluice").ByteSize, threads: number, ready: string, stop: string }} */
const { endpoint, lake: folder, table, items, flush, memory, threads, ready, stop } = JSON.parse(process.argv[2] ?? "");

const orders = bronze("orders", {
  source: dynamodb({ table, keys: ["id"], scan: true, stream: true, endpoint }),
});
const clean = silver("orders", {
  from: orders,
  keys: ["id"],
  columns: { id: s.string(), number: s.long(), note: s.string() },
});
const definition = defineLake({ name: "fresh", storage: folder, engine: { threads, memory }, tables: [orders, clean] });
const lake = openLake(resolveLake(definition, { folder }));
const over = new AbortController();
const startedMs = performance.now();
let rows = 0;
const ended = lake.start({
  flush,
  signal: over.signal,
  onEvent: (event) => {
    if (event.kind === "failed") throw event.error;
    if (event.kind !== "flush") return;
    for (const flushed of event.tables) if (flushed.table.startsWith("silver.")) rows += flushed.rows;
    // Each comes with the stream and with the scan, whose end is an event, too.
    if (rows > 2 * items) writeFileSync(ready, "");
  },
});
while (!existsSync(stop)) await delay(200);
over.abort();
await ended;
const seconds = (performance.now() - startedMs) / 1000;
await lake[Symbol.asyncDispose]();
console.log(JSON.stringify({ seconds }));
