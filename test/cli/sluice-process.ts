import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const MAIN = join(ROOT, "dist", "cli", "main.js");

export interface Finished {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Told of the process as soon as it runs; its stdin stays open unless `stdin` is given. */
  readonly onStarted?: (child: ChildProcess) => void;
}

/** Runs the built product in a process of its own. */
export async function sluice(words: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  if (!existsSync(MAIN)) throw new Error("Cannot run the product: it is not built; run `npm run build`");
  const child = spawn(process.execPath, [MAIN, ...words], {
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.on("data", (part: Buffer) => stderr.push(part));
  child.stdin.on("error", () => undefined); // it may have ended before it read everything
  if (options.stdin !== undefined || options.onStarted === undefined) child.stdin.end(options.stdin ?? "");
  options.onStarted?.(child);
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
