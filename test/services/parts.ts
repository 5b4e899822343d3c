import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

/** A judge or a server that `install.sh` can install. */
export type Part = "delta-1.6.3" | "delta-1.6.6" | "spark" | "versitygw" | "moto" | "httpfs" | "dynamodb-local";

export interface PartAvailability {
  readonly available: boolean;
  /** Where the part is, or why it is not there and what to do about it. */
  readonly reason: string;
}

/** Says whether a part is installed in the pinned version. Touches nothing. */
export function partsAvailable(part: Part): PartAvailability {
  const pins = readPins();
  for (const component of COMPONENTS[part]) {
    const stamp = join(partFolder(component), ".stamp");
    if (!existsSync(stamp)) return missing(part, `${component} is not installed`);
    const installed = readFileSync(stamp, "utf8").trim();
    if (installed !== pins.get(component)) return missing(part, `${component} is installed in another version`);
  }
  if (NEED_JAVA.has(part) && !hasJava()) {
    return { available: false, reason: `${part}: there is no Java; install Java 17 or newer` };
  }
  return { available: true, reason: `${part}: installed below ${partsFolder()}` };
}

/**
 * For `test.skipIf(!requirePart("spark"))`: true where the part is there. Where it is missing, continuous integration
 * fails (there a skipped judge would pass unseen) and everybody else is told on stderr.
 */
export function requirePart(part: Part): boolean {
  const { available, reason } = partsAvailable(part);
  if (available) return true;
  if (process.env["CI"] === "true") throw new Error(`Cannot test without ${reason}`);
  process.stderr.write(`SKIPPED: ${reason}\n`);
  return false;
}

/** The folder of one installed component: a part's own name, or `delta-jars`. */
export function partFolder(component: string): string {
  return join(partsFolder(), component);
}

/** DuckDB's httpfs extension, of the version of the engine. */
export function httpfsFile(): string {
  return join(partFolder("httpfs"), "duckdb_extension_httpfs", "extensions", "v1.5.5", "httpfs.duckdb_extension");
}

const COMPONENTS: Readonly<Record<Part, readonly string[]>> = {
  "delta-1.6.3": ["delta-1.6.3"],
  "delta-1.6.6": ["delta-1.6.6"],
  spark: ["spark", "delta-jars"],
  versitygw: ["versitygw"],
  moto: ["moto"],
  "dynamodb-local": ["dynamodb-local"],
  httpfs: ["httpfs"],
};

const NEED_JAVA: ReadonlySet<Part> = new Set(["spark", "dynamodb-local"]);

function missing(part: Part, why: string): PartAvailability {
  return { available: false, reason: `${part}: ${why}; run test/services/install.sh ${part}` };
}

/** The lines of parts.txt by component: what a stamp must say. */
function readPins(): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL("parts.txt", import.meta.url), "utf8").split("\n");
  const pinned = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(pinned.map((line) => [line.split(" ", 1)[0] ?? "", line]));
}

function partsFolder(): string {
  const chosen = process.env["SLUICE_PARTS"];
  return chosen ? resolve(chosen) : join(homedir(), ".cache", "sluice-parts");
}

function hasJava(): boolean {
  const home = process.env["JAVA_HOME"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [...(home ? [join(home, "bin")] : []), ...folders].some((folder) => existsSync(join(folder, "java")));
}
