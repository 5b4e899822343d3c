import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What one process took. */
export interface Usage {
  /** From outside: from its start to its end. */
  readonly wallSeconds: number;
  /** From its first own code to its end, without the start of its runtime. */
  readonly insideSeconds: number;
  /** User and system, all threads, with its children. */
  readonly cpuSeconds: number;
  /** The most memory that it had resident. */
  readonly peakBytes: number;
  /** Everything that it passed to `write`, spilled and staged data included; null where the system does not tell. */
  readonly writtenBytes: number | null;
  /** The last line of its output. */
  readonly result: string;
}

/** What the programs of `subjects/` answer with. */
export interface SubjectAnswer {
  /** Of the work itself. */
  readonly seconds: number;
  readonly rowsUpdated?: number;
  /** Of the files of a table that was made. */
  readonly bytes?: number;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
}

export const BENCH_FOLDER = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const METER = join(BENCH_FOLDER, "subjects", "meter.cjs");
const CLI = join(ROOT, "dist", "cli", "main.js");

/** Runs the command line of the built product. */
export async function measureSluice(words: readonly string[], options: ProcessOptions = {}): Promise<Usage> {
  return await measureProcess(process.execPath, ["--require", METER, CLI, ...words], options);
}

/** Runs `subjects/<name>.mjs` with a JSON argument; it answers with a line of JSON. */
export async function measureSubject(
  name: string,
  argument: object,
  options: ProcessOptions = {},
): Promise<Usage & { readonly answer: SubjectAnswer }> {
  const file = join(BENCH_FOLDER, "subjects", `${name}.mjs`);
  const usage = await measureProcess(process.execPath, ["--require", METER, file, JSON.stringify(argument)], options);
  return { ...usage, answer: JSON.parse(usage.result) as SubjectAnswer };
}

/** Runs a program that writes its usage to the file BENCH_METER as `subjects/meter.cjs` does. Fails where it fails. */
export async function measureProcess(
  program: string,
  programArguments: readonly string[],
  { env = {} }: ProcessOptions,
): Promise<Usage> {
  // What earlier processes left to be written would make this one's fsyncs wait.
  spawnSync("sync");
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const meter = join(folder, "usage.json");
  try {
    const started = performance.now();
    const { status, stdout, stderr } = await ended(program, programArguments, {
      ...process.env,
      ...env,
      BENCH_METER: meter,
    });
    const wallSeconds = (performance.now() - started) / 1000;
    if (status !== 0) throw new Error(`${programArguments.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
    const usage = JSON.parse(readFileSync(meter, "utf8")) as Omit<Usage, "wallSeconds" | "result">;
    return { wallSeconds, ...usage, result: stdout.trimEnd().split("\n").at(-1) ?? "" };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Ended {
  readonly status: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(program: string, programArguments: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return await new Promise((done, fail) => {
    const child = spawn(program, programArguments, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    child.on("error", fail);
    child.on("close", (code, signal) => done({ status: code ?? signal, ...output }));
  });
}
