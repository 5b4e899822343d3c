import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "dist", "cli", "main.js");

/** The built product at work on a lake of a folder of its own. */
export interface LakeFolder {
  /** Holds `sluice.config.mjs`, `exports/` and `lake/`. */
  readonly folder: string;
}

export interface Finished {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export interface ProductOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Runs as this user; needs root. */
  readonly uid?: number;
  /** A program and its arguments to run the product under: `prlimit --fsize=1000000`. */
  readonly under?: readonly string[];
}

/** A command that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when so much was said on stderr, or when the command ends. */
  readonly said: (text: string) => Promise<void>;
}

export function startSluice({ folder }: LakeFolder, words: readonly string[], options: ProductOptions = {}): Running {
  if (!existsSync(MAIN)) throw new Error("Cannot run the product: it is not built; run `npm run build`");
  const [program, ...before] = [...(options.under ?? []), process.execPath];
  const startedMs = performance.now();
  const child = spawn(program, [...before, MAIN, ...words], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.on("data", (part: Buffer) => stderr.push(part));
  const finished = once(child, "close").then((ended): Finished => {
    const [status, signal] = ended as [number | null, NodeJS.Signals | null];
    return { status, signal, stdout: text(stdout), stderr: text(stderr), elapsedMs: performance.now() - startedMs };
  });
  const said = async (wanted: string): Promise<void> => {
    while (!text(stderr).includes(wanted)) {
      const isOver = await Promise.race([once(child.stderr, "data").then(() => false), finished.then(() => true)]);
      if (isOver) return;
    }
  };
  return { child, finished, said };
}

export async function sluice(
  lake: LakeFolder,
  words: readonly string[],
  options: ProductOptions & { readonly killAfterMs?: number } = {},
): Promise<Finished> {
  const { child, finished } = startSluice(lake, words, options);
  const timer =
    options.killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), options.killAfterMs);
  try {
    return await finished;
  } finally {
    clearTimeout(timer);
  }
}

/** As `sluice`, but anything but success is an error with what the command said. */
export async function sluiceOk(lake: LakeFolder, ...words: readonly string[]): Promise<Finished> {
  const finished = await sluice(lake, words);
  if (finished.status === 0) return finished;
  throw new Error(`sluice ${words.join(" ")} ended with ${finished.status}:\n${finished.stderr}${finished.stdout}`);
}

/** What `sluice run --json` reports, as far as the tests look at it. */
export interface RunJson {
  readonly exitCode: number;
  readonly tables: readonly {
    readonly table: string;
    readonly outcome: string;
    readonly rows: number;
    readonly quarantined: number;
    readonly error?: { readonly code: string; readonly message: string; readonly advice: string } | null;
  }[];
}

export async function runJson(
  lake: LakeFolder,
  options: ProductOptions = {},
): Promise<RunJson & { readonly said: string }> {
  const { stdout, stderr } = await sluice(lake, ["run", "--json"], options);
  return { ...(JSON.parse(stdout) as RunJson), said: stderr };
}

function text(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString();
}
