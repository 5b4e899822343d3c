import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "dist", "cli", "main.js");

/** The retail lake as a user has it: a folder of exports, a folder for the lake, and what a TTL delete does. */
export interface RetailLake {
  readonly data: string;
  readonly lake: string;
  readonly ttl: "keep" | "hard";
}

export interface Finished {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it like a power cut. */
  readonly killAfterMs?: number;
}

/** Runs a command of the built product in a process of its own. */
export async function run(words: readonly string[], { env = {}, killAfterMs }: RunOptions = {}): Promise<Finished> {
  if (!existsSync(MAIN)) throw new Error("Cannot run the product: it is not built; run `npm run build`");
  const startedMs = performance.now();
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.on("data", (part: Buffer) => stderr.push(part));
  const [status] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return {
    status,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
    elapsedMs: performance.now() - startedMs,
  };
}

/** As `run`, but anything but success is an error with what the command said. */
export async function runOk(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const finished = await run(words, options);
  if (finished.status === 0) return finished;
  throw new Error(`sluice ${words.join(" ")} ended with ${finished.status}:\n${finished.stderr}${finished.stdout}`);
}

/** A command over the retail lake. */
export async function sluice(
  retail: RetailLake,
  words: readonly string[],
  options: Pick<RunOptions, "killAfterMs"> = {},
): Promise<Finished> {
  return await run([...words, "-c", join(ROOT, "examples", "retail")], { ...options, env: environmentOf(retail) });
}

export async function sluiceOk(retail: RetailLake, ...words: readonly string[]): Promise<Finished> {
  return await runOk([...words, "-c", join(ROOT, "examples", "retail")], { env: environmentOf(retail) });
}

function environmentOf({ data, lake, ttl }: RetailLake): Readonly<Record<string, string>> {
  return { RETAIL_DATA: data, LAKE: lake, RETAIL_TTL: ttl };
}

export type JsonRow = Readonly<Record<string, unknown>>;

export async function query(retail: RetailLake, sql: string): Promise<readonly JsonRow[]> {
  const { stdout } = await sluiceOk(retail, "query", sql, "--format", "ndjson");
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonRow);
}

/** Every file of a lake with its size: nothing changed when two lists are equal. */
export function filesOf(lake: string): readonly string[] {
  return readdirSync(lake, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(lake, path)).isFile())
    .map((path) => `${path} ${statSync(join(lake, path)).size} ${statSync(join(lake, path)).mtimeMs}`)
    .toSorted();
}
