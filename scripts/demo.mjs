// `npm run demo`: sets everything up on a fresh clone, then shows a small shop's lake from export to report.
import { build, ensureInstalled, requireNode } from "./set-up.mjs";

requireNode();
ensureInstalled();
build();
const { createJiti } = await import("jiti");
const { runDemo } = await createJiti(import.meta.url).import("./demo/run-demo.ts");
process.exitCode = await runDemo();
