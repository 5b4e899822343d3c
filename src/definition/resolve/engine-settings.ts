import { availableParallelism, totalmem } from "node:os";
import { sizeBytes } from "../builders/amounts.ts";
import type { EngineSettings } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readText, readWholeNumber } from "../reading/read-scalar.ts";
import { readFolder } from "./folders.ts";

/** What the defaults are made from. */
export interface Machine {
  /** Memory that this process may use at all. */
  readonly memoryBytes: number;
  readonly cores: number;
}

/** What the product reads from the environment; `process.env` will do. */
export interface Environment {
  readonly SLUICE_MEMORY?: string | undefined;
  readonly SLUICE_THREADS?: string | undefined;
  readonly SLUICE_HTTPFS?: string | undefined;
}

const MEMORY_MAX_DEFAULT = 4_000_000_000; // beyond it, other programs of the machine profit more
const MEMORY_MIN = 64_000_000; // the engine cannot work with less; also catches `memory: 4`
const THREADS_MAX = 1_024;

/** This machine, or the container that limits us. */
export function thisMachine(): Machine {
  const limit = process.constrainedMemory();
  const total = totalmem();
  return { memoryBytes: limit > 0 && limit < total ? limit : total, cores: availableParallelism() };
}

/**
 * The engine's settings. Default: half of the machine's memory but at most 4 GB, as many threads as cores,
 * spill where the caller says. `SLUICE_MEMORY`, `SLUICE_THREADS` and `SLUICE_HTTPFS` in the environment go before the
 * configuration.
 */
export function readEngineSettings(
  place: Place,
  value: unknown,
  context: {
    readonly folder: string;
    readonly spillDefault: string;
    readonly env: Environment;
    readonly machine: Machine;
    readonly environmentPlace: Place;
  },
): EngineSettings | undefined {
  const fields = readFields(place, value ?? {}, { known: ["memory", "threads", "spill", "httpfs"] });
  if (fields === undefined) return undefined;
  const { env, machine, environmentPlace, folder, spillDefault } = context;
  const ownMemory = fields.memory === undefined ? undefined : readMemory(place.at("memory"), fields.memory);
  const ownThreads = fields.threads === undefined ? undefined : readThreads(place.at("threads"), fields.threads);
  const { SLUICE_MEMORY: memory, SLUICE_THREADS: threads } = env;
  const outerMemory = isGiven(memory) ? readMemory(environmentPlace.at("SLUICE_MEMORY"), memory) : undefined;
  const outerThreads = isGiven(threads)
    ? readThreads(environmentPlace.at("SLUICE_THREADS"), Number(threads))
    : undefined;
  const httpfs = chosenHttpfs(place.at("httpfs"), fields.httpfs, context);
  const spill = fields.spill === undefined ? spillDefault : readFolder(place.at("spill"), fields.spill, folder);
  if (spill === undefined) return undefined;
  return {
    memoryBytes: outerMemory ?? ownMemory ?? Math.min(MEMORY_MAX_DEFAULT, Math.floor(machine.memoryBytes / 2)),
    threads: outerThreads ?? ownThreads ?? machine.cores,
    spill,
    ...(httpfs === undefined ? {} : { httpfs }),
  };
}

const HTTPFS_CHOICES: ReadonlySet<string> = new Set(["auto", "install", "off"]);
const HTTPFS_EXPECTED = "`auto`, `install`, `off` or a file that ends in .duckdb_extension";

function chosenHttpfs(
  place: Place,
  value: unknown,
  { env, environmentPlace, folder }: { env: Environment; environmentPlace: Place; folder: string },
): string | undefined {
  const { SLUICE_HTTPFS: outer } = env;
  if (isGiven(outer)) return readHttpfs(environmentPlace.at("SLUICE_HTTPFS"), outer, process.cwd());
  return value === undefined ? undefined : readHttpfs(place, value, folder);
}

function readHttpfs(place: Place, value: unknown, folder: string): string | undefined {
  const text = readText(place, value, HTTPFS_EXPECTED);
  if (text === undefined || HTTPFS_CHOICES.has(text)) return text;
  return text.endsWith(".duckdb_extension") ? readFolder(place, text, folder) : place.expected(HTTPFS_EXPECTED, text);
}

function readMemory(place: Place, value: unknown): number | undefined {
  const bytes = typeof value === "string" ? sizeBytes(value) : value;
  if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= MEMORY_MIN) return bytes;
  return place.expected('a size of at least 64 MB, such as "2GB", or its bytes', value);
}

function readThreads(place: Place, value: unknown): number | undefined {
  return readWholeNumber(place, value, { least: 1, most: THREADS_MAX, what: "a number of threads" });
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}
