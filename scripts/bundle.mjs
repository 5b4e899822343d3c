// The second half of `npm run build`: joins what tsc compiled into a few files. Node takes half a millisecond to find and read
// each module of its own, and every command starts with hundreds. The declarations stay as tsc wrote them.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "./set-up.mjs";

const DIST = join(ROOT, "dist");

/** Modules that somebody names by their place: the program, the doors, the thread, and what the bench measures. */
const ENTRIES = {
  "cli/main": "cli/main.js",
  "cli/load-config": "cli/load-config.js",
  "lake/index": "lake/index.js",
  "lake/delta-door": "lake/delta-door.js",
  // Beside the chunk that starts it: the thread is found from there.
  "chunks/scan-worker": "sources/dynamodb/scan/scan-worker.js",
};

const bundle = await rolldown({
  input: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(DIST, file)])),
  external: (id) => !id.startsWith(".") && !id.startsWith("/") && !/^[A-Za-z]:/.test(id),
  platform: "node",
});
const { output } = await bundle.generate({ format: "esm", sourcemap: true, chunkFileNames: "chunks/[name]-[hash].js" });
await bundle.close();
for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (/\.js(?:\.map)?$/.test(name)) rmSync(join(DIST, name));
}
for (const file of output) {
  mkdirSync(join(DIST, file.fileName, ".."), { recursive: true });
  writeFileSync(join(DIST, file.fileName), file.type === "chunk" ? file.code : file.source);
}
