// The second half of `npm run build`: joins what tsc compiled into a few files. Node takes half a millisecond to find and read
// each module of its own, and every command starts with hundreds. The declarations stay as tsc wrote them.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** What runs in a function beside a table's stream, without the engine. */
const EDGE = { "edge/index": "edge/index.js" };

/** Dependencies that become part of the files; what they load natively stays where npm put it. */
const TAKEN_IN = ["@duckdb/node-api"];

const TAKEN_IN_CHUNK = "duckdb-client";

function codeOf({ fileName, code }) {
  return fileName.includes(TAKEN_IN_CHUNK) ? code.replace(/^\/\/# sourceMappingURL=.*$/m, "") : code;
}

async function bundled(entries, options) {
  const bundle = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(DIST, file)])),
    external: (id) => !TAKEN_IN.includes(id) && !id.startsWith(".") && !id.startsWith("/") && !/^[A-Za-z]:/.test(id),
    platform: "node",
    ...options.input,
  });
  const { output } = await bundle.generate({ format: "esm", sourcemap: true, ...options.output });
  await bundle.close();
  return output;
}

const output = [
  ...(await bundled(ENTRIES, {
    output: {
      chunkFileNames: "chunks/[name]-[hash].js",
      codeSplitting: { groups: [{ name: TAKEN_IN_CHUNK, test: /node_modules/ }] },
    },
  })),
  // A file for itself: who runs it somewhere else gets nothing of the rest. Our modules do nothing but say what they are.
  ...(await bundled(EDGE, { input: { treeshake: { moduleSideEffects: false } } })),
];
for (const name of readdirSync(DIST, { recursive: true, encoding: "utf8" })) {
  if (/\.js(?:\.map)?$/.test(name)) rmSync(join(DIST, name));
}
for (const file of output) {
  // Nobody looks for a mistake of ours in there.
  if (file.fileName.includes(TAKEN_IN_CHUNK) && file.type === "asset") continue;
  mkdirSync(join(DIST, file.fileName, ".."), { recursive: true });
  writeFileSync(join(DIST, file.fileName), file.type === "chunk" ? codeOf(file) : file.source);
}
for (const name of TAKEN_IN) {
  const license = readFileSync(join(ROOT, "node_modules", name, "LICENSE"), "utf8");
  writeFileSync(join(DIST, "chunks", `LICENSE-${name.replaceAll(/\W+/g, "-").replace(/^-/, "")}`), license);
}
