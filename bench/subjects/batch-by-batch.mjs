// Exports that arrive one by one, and a run after each: as many batches as exports, without as many starts of Node.
import { linkSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadConfig } from "../../dist/cli/load-config.js";
import { openLake } from "sluice";

/** @type {{ config: string, table: string, arriving: string[], exports: string }} */
const { config, table, arriving, exports } = JSON.parse(process.argv[2] ?? "");

const { definition } = await loadConfig(config, { env: process.env });
const lake = openLake(definition);
const startedMs = performance.now();
for (const folder of arriving) {
  deliver(folder);
  const { tables } = await lake.run({ only: [/** @type {`bronze.${string}`} */ (table)] });
  const failed = tables.find((one) => one.outcome !== "changed");
  if (failed !== undefined) throw new Error(`${failed.table} is ${failed.outcome}: ${failed.error?.message}`);
}
const seconds = (performance.now() - startedMs) / 1000;
await lake[Symbol.asyncDispose]();
console.log(JSON.stringify({ seconds }));

/** @param {string} folder */
function deliver(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const target = join(exports, file.slice(folder.length));
    mkdirSync(dirname(target), { recursive: true });
    linkSync(file, target);
  }
}
