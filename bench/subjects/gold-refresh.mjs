// A full refresh of one Gold table, as `sluice rebuild` does it.
import { loadConfig } from "../../dist/cli/load-config.js";
import { openLake } from "sluice";

/** @type {{ config: string, table: string }} */
const { config, table } = JSON.parse(process.argv[2] ?? "");

const { definition } = await loadConfig(config, { env: process.env });
const lake = openLake(definition);
// The engine is loaded and open, as it is on the other side.
for await (const _rows of lake.query("SELECT 1")) continue;
const startedMs = performance.now();
const { version } = await lake.rebuild(/** @type {`gold.${string}`} */ (table));
const seconds = (performance.now() - startedMs) / 1000;
await lake[Symbol.asyncDispose]();
console.log(JSON.stringify({ version, seconds }));
