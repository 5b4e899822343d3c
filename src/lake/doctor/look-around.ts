import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import { isFailure, messageOf } from "../../base/index.ts";
import type { LakeDefinition, ResolvedLocation, SourceDefinition } from "../../definition/index.ts";
import { textOf } from "../../engine/index.ts";
import type { Lake } from "../open-lake.ts";
import { storeOpener, type OpenStore } from "../open-store.ts";
import { Findings, type Finding } from "./finding.ts";

const GIB = 1024 ** 3;
/** Below that a batch and the files that it becomes may not fit. */
const DISK_PROBLEM_BYTES = GIB;
const DISK_WARNING_BYTES = 10 * GIB;
/** DuckDB takes a few hundred MB beside its limit, and Node its own. */
const BESIDE_BYTES = 768 * 1024 ** 2;

/** The machine that the lake runs on. */
export async function lookAtMachine({ definition, engine }: Lake): Promise<readonly Finding[]> {
  const findings = new Findings("machine");
  const { memoryBytes, threads, spill } = definition.engine;
  const [row] = await engine.rows({ sql: "SELECT version() AS version", inputs: {} });
  findings.add("ok", "engine", `DuckDB ${textOf(row, "version")}, ${threads} threads; Node ${process.version}`);
  const all = totalmem();
  const memory = `${size(memoryBytes)} for the engine, of ${size(all)}`;
  if (memoryBytes + BESIDE_BYTES <= all) findings.add("ok", "memory", memory);
  else findings.add("warning", "memory", `${memory}: too little is left beside it`, `engine: { memory: "${Math.max(1, Math.floor((all - BESIDE_BYTES) / 1e9))}GB" }`); // prettier-ignore
  const seen = new Set<number>();
  for (const folder of [spill, ...localRoots(definition)]) await lookAtDisk(folder, { findings, seen });
  return findings.all;
}

function localRoots({ roots }: LakeDefinition): readonly string[] {
  return Object.values(roots).flatMap((root) => (typeof root === "string" ? [root] : []));
}

/** `seen`: disks by their number, which are looked at once. */
async function lookAtDisk(
  folder: string,
  { findings, seen }: { readonly findings: Findings; readonly seen: Set<number> },
): Promise<void> {
  const there = await nearestFolder(folder);
  if (there === undefined) return findings.add("problem", "disk", `${folder} cannot be reached`);
  const { dev } = await stat(there);
  if (seen.has(dev)) return;
  seen.add(dev);
  const { bavail, bsize } = await statfs(there);
  const free = bavail * bsize;
  const mayWrite = await access(there, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!mayWrite) findings.add("problem", "disk", `${there} cannot be written to`, `chown or chmod ${there}`);
  else if (free < DISK_PROBLEM_BYTES) findings.add("problem", "disk", `${size(free)} free at ${folder}`);
  else if (free < DISK_WARNING_BYTES) findings.add("warning", "disk", `${size(free)} free at ${folder}`);
  else findings.add("ok", "disk", `${size(free)} free at ${folder}`);
}

/** The folder, or the one above it where it is not made yet. */
async function nearestFolder(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const isThere = await access(at).then(
      () => true,
      () => false,
    );
    if (isThere) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** Where the lake's files lie, and those that it reads. Lists, and writes nothing. */
export async function lookAtStorage({ definition, world }: Lake): Promise<readonly Finding[]> {
  const findings = new Findings("storage");
  const open = storeOpener(world);
  const seen = new Set<string>();
  for (const root of Object.values(definition.roots)) {
    if (typeof root === "string") continue;
    const { folder: _, ...place } = root;
    const text = JSON.stringify(place);
    if (seen.has(text)) continue;
    seen.add(text);
    await lookAtPlace(open, place, findings);
  }
  for (const table of definition.tables) {
    for (const folder of table.layer === "bronze" ? foldersOf(table.source) : []) {
      await lookAtFiles(open, { folder, table: table.name }, findings);
    }
  }
  return findings.all;
}

function foldersOf(source: SourceDefinition): readonly ResolvedLocation[] {
  if (source.kind === "dms") return [source.folder];
  return [source.exports?.folder, source.firehose?.folder].filter((folder) => folder !== undefined);
}

async function lookAtPlace(
  open: OpenStore,
  place: Exclude<ResolvedLocation, string>,
  findings: Findings,
): Promise<void> {
  const { url, endpoint = process.env["AWS_ENDPOINT_URL"], singleWriter } = place;
  try {
    const store = open(place);
    let isWrittenTo = false;
    for await (const _ of store.list("")) {
      isWrittenTo = true;
      break;
    }
    const [level, text, next] = writersOf({ endpoint, isWrittenTo, isAlone: singleWriter === true });
    findings.add(level, "writers", `${url}: ${text}`, next);
  } catch (error) {
    addFailure(findings, { check: "place", what: url }, error);
  }
}

/** Whether two processes that write at once are kept apart. Nothing is written to find out: the first commit does that. */
function writersOf(place: {
  readonly endpoint: string | undefined;
  readonly isWrittenTo: boolean;
  readonly isAlone: boolean;
}): readonly [level: Finding["level"], found: string, next?: string] {
  const { endpoint, isWrittenTo, isAlone } = place;
  if (isAlone) return ["warning", "it is declared to have one writer; two would replace each other's commits"];
  if (endpoint === undefined) return ["ok", "S3 keeps conditional puts"];
  if (isWrittenTo) return ["ok", `${endpoint} has shown that it keeps conditional puts, or nothing would be there`];
  return ["warning", `whether ${endpoint} keeps conditional puts is proved by the first write`, "sluice run"];
}

async function lookAtFiles(
  open: OpenStore,
  { folder, table }: { readonly folder: ResolvedLocation; readonly table: string },
  findings: Findings,
): Promise<void> {
  const what = typeof folder === "string" ? folder : [folder.url, folder.folder ?? ""].join("/").replace(/\/+$/, "");
  try {
    let isEmpty = true;
    for await (const _ of open(folder).list("")) {
      isEmpty = false;
      break;
    }
    if (isEmpty) findings.add("warning", "files", `${what}, which ${table} reads, is empty or not there`);
    else findings.add("ok", "files", `${what}, which ${table} reads, can be listed`);
  } catch (error) {
    addFailure(findings, { check: "files", what: `${what}, which ${table} reads` }, error);
  }
}

function addFailure(
  findings: Findings,
  { check, what }: { readonly check: string; readonly what: string },
  error: unknown,
): void {
  if (!isFailure(error)) throw error;
  findings.add("problem", check, `${what}: ${messageOf(error)}`, error.advice);
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
