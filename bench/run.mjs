// `npm run bench`: sets everything up on a fresh clone, then measures (README.md beside this file).
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build, ensureInstalled, requireNode, ROOT, say } from "../scripts/set-up.mjs";

requireNode();
ensureInstalled();
build();
installParts();
const { createJiti } = await import("jiti");
const { runBench } = await createJiti(import.meta.url).import("./run-bench.ts");
process.exitCode = await runBench(process.argv.slice(2));

/** What a machine lacks is not measured, or measured alone. */
function installParts() {
  const install = join(ROOT, "test", "services", "install.sh");
  for (const part of ["delta-1.6.6", "versitygw", "httpfs"]) {
    const { status } = spawnSync("bash", [install, part], { stdio: ["ignore", 2, 2] });
    if (status !== 0) say(`SKIPPED: ${part}, which could not be installed (above)`);
  }
}
