import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isFailure, realWorld, simulatedWorld, type SluiceError } from "../../src/base/index.ts";
import { duckdbEngine, type Engine } from "../../src/engine/index.ts";
import { TableCopy, readTable, writeSample, type Seen } from "./table-copies.ts";

const ARCHIVE = join(import.meta.dirname, "../../../shared/conformance/delta-open.tar.gz");
const SEED = Number(process.env["SLUICE_SEED"] ?? "20261128");
const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
const ROUNDS = Number(process.env["SLUICE_RUNS"] ?? "30");
/** Tables of other engines to take part. */
const TABLES = IS_NIGHT ? 200 : 12;
/** Larger tables are slower to copy and have no other log. */
const TABLE_BYTES_MAX = 300_000;

let folder = "";
let engine: Engine;
const originals: string[] = [];
const world = simulatedWorld(SEED);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-mutations-"));
  const spillFolder = mkdtempSync(join(folder, "spill-"));
  engine = await duckdbEngine({ world: realWorld(), memoryBytes: 2 ** 29, threads: 2, spillFolder, folders: [folder] });
  for (const interval of ["100", "2"]) {
    const path = join(folder, `sample-${interval}`);
    await writeSample(engine, path, { "delta.checkpointInterval": interval });
    originals.push(path);
  }
  const theirs = tablesOfOthers();
  while (originals.length < TABLES && theirs.length > 0) {
    const [path = ""] = theirs.splice(pick(theirs.length), 1);
    if (await isSound(path)) originals.push(path);
  }
}, 600_000);

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

test(
  "a file of the log that is cut off, changed or gone ends in a failure that names it, or harms nothing",
  { timeout: 7_200_000 },
  async () => {
    process.stderr.write(`damaged: ${ROUNDS} mutations of ${originals.length} tables by SLUICE_SEED=${SEED}\n`);
    let failed = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const original = originals[pick(originals.length)] ?? "";
      const copy = new TableCopy(original, folder);
      const damage = mutate(copy);
      const what = `round ${round}: ${damage.kind} ${basename(original)} ${basename(damage.file)}`;
      const found: unknown = await readTable(engine, copy.path).catch((error: unknown) => error);
      if (found instanceof Error) {
        // Never an error of the machine, and always one that says where.
        const { code = "none", message } = found as Partial<SluiceError>;
        expect({ what, code, message }).toEqual({
          what,
          code: expect.stringMatching(/^table\.(corrupt|unsupported)$/),
          message: expect.stringMatching(/_delta_log|\.parquet|table/),
        });
        failed += 1;
      } else if (damage.tells === "all") {
        const allowed = await allowedRows(original, damage);
        const isAllowed = allowed.some((seen) => JSON.stringify(seen) === JSON.stringify(found));
        expect({ what, found, isAllowed }).toEqual({ what, found, isAllowed: true });
      }
      rmSync(copy.path, { recursive: true });
    }
    expect(failed).toBeGreaterThan(ROUNDS / 10);
  },
);

interface Mutation {
  readonly kind: "cut off" | "changed" | "gone";
  readonly file: string;
  /**
   * "something": text that is JSON as before, or a commit that ends with a whole line. The log's text has no checksum, and what it says
   * is then all that anybody can know: it must only be read to an end.
   */
  readonly tells: "all" | "something";
}

function mutate(copy: TableCopy): Mutation {
  const files = copy.logFiles();
  const file = files[pick(files.length)] ?? "";
  const body = readFileSync(file);
  const isText = file.endsWith(".json");
  const kind = (["cut off", "changed", "gone"] as const)[pick(3)] ?? "gone";
  if (kind === "gone" || body.length === 0) {
    rmSync(file);
    return { kind: "gone", file, tells: "all" };
  }
  const at = pick(body.length);
  if (kind === "cut off") {
    writeFileSync(file, body.subarray(0, at));
    const isWholeLine = body[at] === NEWLINE || body[at - 1] === NEWLINE;
    return { kind, file, tells: isText && isWholeLine ? "something" : "all" };
  }
  body[at] = (body[at] ?? 0) ^ (1 << pick(8));
  writeFileSync(file, body);
  return { kind, file, tells: isText ? "something" : "all" };
}

const NEWLINE = 10;

const known = new Map<string, Promise<Seen | undefined>>();

/** The rows as they were; without the newest commit, those of before. */
async function allowedRows(original: string, { kind, file }: Mutation): Promise<readonly (Seen | undefined)[]> {
  const whole = known.get(original) ?? readTable(engine, original);
  known.set(original, whole);
  const newest = (await whole)?.version ?? 0;
  const isNewest = kind === "gone" && basename(file) === `${String(newest).padStart(20, "0")}.json`;
  if (!isNewest) return [await whole];
  return [await whole, newest === 0 ? undefined : await readTable(engine, original, newest - 1).catch(() => undefined)];
}

function pick(count: number): number {
  return Math.min(count - 1, Math.floor(world.random() * count));
}

function tablesOfOthers(): string[] {
  if (!existsSync(ARCHIVE)) return [];
  execFileSync("tar", ["xzf", ARCHIVE, "-C", folder]);
  return ["kernel-rs-data", "delta-rs-data", "delta-kernel-java-resources"].flatMap((below) =>
    readdirSync(join(folder, below))
      .map((name) => join(folder, below, name))
      .filter((path) => existsSync(join(path, "_delta_log")) && sizeOf(path) <= TABLE_BYTES_MAX),
  );
}

/** Whether we can read it, and its checkpoints say what its commits say: some were made by hand and do not. */
async function isSound(path: string): Promise<boolean> {
  const copy = new TableCopy(path, folder);
  for (const file of copy.logFiles()) if (/checkpoint/.test(basename(file))) rmSync(file);
  try {
    const whole = await readTable(engine, path);
    const bare = await readTable(engine, copy.path).catch(() => whole);
    return whole !== undefined && whole.sha256 === bare?.sha256;
  } catch (error) {
    if (isFailure(error)) return false;
    throw error;
  } finally {
    rmSync(copy.path, { recursive: true });
  }
}

function sizeOf(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
