import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localStore } from "../../../storage/index.ts";
import { realWorld } from "../../../base/index.ts";
import type { ScanTask } from "./scan-file.ts";
import { scanFiles } from "./scan-files.ts";
import { ScanThreads } from "./scan-threads.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sluice-threads-"));
const compiled = join(folder, "compiled");

// Threads need compiled code: the product's own build, into a folder of its own.
beforeAll(() => {
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [compiler, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", compiled, "--noCheck", "--declaration", "false", "--declarationMap", "false"]); // prettier-ignore
  writeFileSync(join(compiled, "package.json"), '{"type":"module"}');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Files large enough to be worth threads; the text is random, so that it does not shrink. */
function tasks(staged: string, files: number): readonly ScanTask[] {
  mkdirSync(join(folder, staged));
  return Array.from({ length: files }, (_, index) => {
    const lines = Array.from({ length: 20 }, (_line, line) => `{"Item":{"id":{"S":"${index}-${line}"},"x${index}":{"S":"${randomBytes(100_000).toString("base64")}"}}}\n`); // prettier-ignore
    const bytes = gzipSync(lines.join(""), { level: 1 });
    writeFileSync(join(folder, `${staged}-${index}.json.gz`), bytes);
    return {
      kind: "full",
      file: `${staged}-${index}.json.gz`,
      staged: join(folder, staged, `${index}.parquet`),
      epoch: 0,
      keys: ["id"],
      hasOldImages: false,
      known: new Map(),
      columnsMax: 1_000,
      constants: { event: "e", meta: "{}", snapshot: { operation: "R", sequence: "s", timeMicros: 0 } },
      md5: createHash("md5").update(bytes).digest("hex"),
      records: lines.length,
      sizeBytes: bytes.length,
    };
  });
}

/** Scans in another process that runs the compiled code, and gives what `report` prints. */
function inThreads(list: readonly ScanTask[], report: string): unknown {
  const script = `
    import { scanFiles } from ${JSON.stringify(pathToFileURL(join(compiled, "sources/dynamodb/scan/scan-files.js")).href)};
    import { ScanThreads } from ${JSON.stringify(pathToFileURL(join(compiled, "sources/dynamodb/scan/scan-threads.js")).href)};
    const tasks = JSON.parse(process.argv[1]).map((task) => ({ ...task, known: new Map() }));
    const store = { localFolder: ${JSON.stringify(folder)} };
    const progress = [];
    const threads = new ScanThreads();
    const scan = (options = {}) => scanFiles(tasks, { store, threads, onProgress: (seen) => progress.push(seen), ...options });
    ${report}`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script, JSON.stringify(list)], { encoding: "utf8" }); // prettier-ignore
  return JSON.parse(output);
}

describe("files that are scanned in threads", () => {
  test("come out as when they are scanned one after another", async () => {
    const threaded = inThreads(
      tasks("away", 5),
      `// A second time with the same threads, which then do not keep the process.
       for (const task of tasks) task.staged += ".first";
       await scan();
       for (const task of tasks) task.staged = task.staged.replace(".first", "");
       progress.length = 0;
       const found = await scan();
       console.log(JSON.stringify({ files: found.map(({ rows, shapes, staged }) => ({ rows, shapes: [...shapes.keys()], groups: staged.groups })), last: progress.at(-1) }));`,
    );
    const store = localStore(folder, { world: realWorld() });
    const list = tasks("here", 5);
    let last: unknown;
    const here = await scanFiles(list, {
      store,
      threads: new ScanThreads(),
      onProgress: (seen) => (last = { ...seen }),
    });
    const files = here.map(({ rows, shapes, staged }) => ({ rows, shapes: [...shapes.keys()], groups: staged.groups }));
    expect(threaded).toEqual({ files, last });
  });

  test("fail as a whole, with the failure of the file", () => {
    const list = tasks("damaged", 4).map((task, index) => (index === 2 ? { ...task, md5: "0".repeat(32) } : task));
    const failure = inThreads(
      list,
      `await scan().catch((error) => console.log(JSON.stringify({ name: error.name, code: error.code, message: error.message, facts: error.facts })));`,
    );
    expect(failure).toMatchObject({
      name: "SluiceError",
      code: "source.corrupt",
      facts: { file: "damaged-2.json.gz", expected: "0".repeat(32) },
      message: expect.stringMatching(
        /manifest file="damaged-2.json.gz" md5="[0-9a-f]{32}" expected="0{32}"$/,
      ) as unknown,
    });
  });

  test("stop when the run is asked to", () => {
    const failure = inThreads(
      tasks("stopped", 4),
      `const stop = new AbortController();
       await scan({ signal: stop.signal, onProgress: () => stop.abort() }).catch((error) => console.log(JSON.stringify({ code: error.code })));`,
    );
    expect(failure).toEqual({ code: "run.interrupted" });
  });
});
