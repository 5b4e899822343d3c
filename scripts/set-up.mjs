// What a fresh clone needs before anything can run: packages and a build. Plain JavaScript without packages of its own,
// because nothing is installed yet when it starts.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const NODE_LEAST = [20, 19];

/** Ends the process with one sentence where Node is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1])) return;
  fail(`Node ${NODE_LEAST.join(".")} or newer is needed; this is ${process.versions.node}.`);
}

/**
 * Installs exactly what the lock file says, where something else or nothing is installed. No install script runs: no package
 * here needs one, and they are how the npm worms of 2025 spread.
 */
export function ensureInstalled() {
  if (isInstalled()) return;
  say("Installing packages (npm ci --ignore-scripts) …");
  run("npm", [
    "ci",
    "--include=dev",
    "--include=optional",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
}

/** Compiles `src` to `dist`, and makes `npx sluice` work in the clone as it does where the package is installed. */
export function build() {
  run("npm", ["run", "--silent", "build"]);
  const bin = join(ROOT, "dist", "cli", "main.js");
  if (process.platform === "win32" || !existsSync(bin)) return;
  chmodSync(bin, 0o755);
  const link = join(ROOT, "node_modules", ".bin", "sluice");
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "dist", "cli", "main.js"), link);
}

/** Runs a program in the repository with our own output; ends the process where it fails. */
export function run(program, programArguments, options = {}) {
  const status = attempt(program, programArguments, options);
  if (status !== 0) process.exit(status);
}

/** As `run`, but gives the exit code. */
export function attempt(program, programArguments, { env = {}, to = "stderr" } = {}) {
  const ended = spawnSync(program, programArguments, {
    cwd: ROOT,
    // What the set-up says is talk and goes to stderr.
    stdio: ["ignore", to === "stdout" ? 1 : 2, 2],
    env: { ...process.env, ...env },
    shell: process.platform === "win32" && program === "npm",
  });
  if (ended.error !== undefined) fail(`Cannot start ${program}: ${ended.error.message}`);
  return ended.status ?? 1;
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(text) {
  say(text);
  process.exit(1);
}

/** Whether npm's own note of what it installed has every package of the lock file in its version. */
function isInstalled() {
  const note = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(note)) return false;
  const wanted = packagesOf(join(ROOT, "package-lock.json"));
  const installed = packagesOf(note);
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    const there = installed[path];
    // Optional packages of other platforms are left out.
    return there === undefined ? optional === true : there.version === version;
  });
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
}
