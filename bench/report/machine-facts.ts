import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** Where the figures come from: enough to read them, nothing that tells whose machine it was. */
export interface MachineFacts {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly duckdb: string;
  readonly sluice: string;
  readonly commit: string;
  readonly date: string;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export function machineFacts(): MachineFacts {
  const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")) as {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${platform()} ${arch()}`,
    node: process.versions.node,
    duckdb: manifest.dependencies["@duckdb/node-api"] ?? "unknown",
    sluice: manifest.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** With a + where the product's own files differ from it. */
function commit(): string {
  const name = git("rev-parse", "--short", "HEAD");
  return git("status", "--porcelain", "--", "src", "package.json") === "" ? name : `${name}+`;
}

function git(...words: readonly string[]): string {
  try {
    return execFileSync("git", words, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown"; // a packed copy has no history
  }
}
