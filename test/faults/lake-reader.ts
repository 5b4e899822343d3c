import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realWorld } from "../../src/base/index.ts";
import { openLog, vectorPath, type AddFile } from "../../src/delta/index.ts";
import { duckdbEngine, type Engine, type OpenTable, type Row } from "../../src/engine/index.ts";
import { localStore, type ObjectStore } from "../../src/storage/index.ts";

/** Looks at a lake's tables from outside, as files and through an engine of its own. */
export interface LakeReader extends AsyncDisposable {
  /** Rows of a SELECT over tables by the names given (`{ t: "silver/orders" }`); none where one of them is not there. */
  rows(lake: string | ObjectStore, sql: string, tables: Readonly<Record<string, string>>): Promise<readonly Row[]>;
  /** Newest version of each table below the lake's folder, by `layer/name`. */
  versions(lake: string): Promise<Readonly<Record<string, number>>>;
  /**
   * What is wrong with any version of any table: one that cannot be opened, a file that is missing or of another size, rows
   * that cannot be read at the newest version. With `strays`, also files that no version refers to.
   */
  faults(lake: string, options?: { readonly strays?: boolean }): Promise<readonly string[]>;
}

export async function lakeReader(): Promise<LakeReader> {
  const world = realWorld();
  const spill = await mkdtemp(join(tmpdir(), "sluice-reader-"));
  const engine = await duckdbEngine({ memoryBytes: 512 * 1024 * 1024, threads: 2, spillFolder: spill, world });
  const open = async (lake: string | ObjectStore, path: string): Promise<OpenTable> => {
    const store = typeof lake === "string" ? localStore(join(lake, path), { world }) : lake.below(path);
    const log = openLog(store, { world, checkpoints: engine.checkpoints });
    return { name: path, store, log, snapshot: await log.latest() };
  };
  return {
    rows: async (lake, sql, tables) => {
      const inputs: Record<string, { kind: "table"; table: OpenTable }> = {};
      for (const [name, path] of Object.entries(tables)) {
        const table = await open(lake, path);
        if (table.snapshot === undefined) return [];
        inputs[name] = { kind: "table", table };
      }
      return await engine.rows({ sql, inputs });
    },
    versions: async (lake) => {
      const versions: Record<string, number> = {};
      for (const path of tablesBelow(lake)) {
        versions[path] = (await open(lake, path)).snapshot?.version ?? -1;
      }
      return versions;
    },
    faults: async (lake, { strays = false } = {}) => {
      const faults: string[] = [];
      for (const path of tablesBelow(lake)) {
        try {
          const table = await open(lake, path);
          if (table.snapshot === undefined) continue;
          faults.push(
            ...(await faultsOfTable(engine, table, join(lake, path), strays)).map((fault) => `${path}: ${fault}`),
          );
        } catch (error) {
          faults.push(`${path}: ${String(error)}`);
        }
      }
      return faults;
    },
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await rm(spill, { recursive: true, force: true });
    },
  };
}

/** Folders with a log, relative to the lake: `silver/orders`. */
export function tablesBelow(lake: string): readonly string[] {
  if (!existsSync(lake)) return [];
  return readdirSync(lake, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("/_delta_log"))
    .map((path) => path.slice(0, -"/_delta_log".length))
    .toSorted();
}

/** Every file below a folder, relative to it. */
export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true)
    .toSorted();
}

async function faultsOfTable(
  engine: Engine,
  table: OpenTable,
  folder: string,
  strays: boolean,
): Promise<readonly string[]> {
  const faults: string[] = [];
  const referenced = new Set<string>();
  const newest = table.snapshot?.version ?? -1;
  let expected = 0;
  for await (const commit of table.log.changes(0, newest)) {
    if (commit.version !== expected) faults.push(`version ${expected} is not there`);
    expected = commit.version + 1;
    for (const add of commit.adds) {
      for (const path of pathsOf(add, table.store)) referenced.add(path);
      const sizeBytes = statSync(join(folder, add.path), { throwIfNoEntry: false })?.size;
      if (sizeBytes !== add.sizeBytes) faults.push(`${add.path} has ${sizeBytes} bytes instead of ${add.sizeBytes}`);
    }
  }
  if (expected !== newest + 1) faults.push(`the log ends before version ${newest}`);
  const counted = await engine.rows({
    sql: "SELECT count(*) AS rows, sum(hash(t)::HUGEINT) AS content FROM t",
    inputs: { t: { kind: "table", table } },
  });
  if (counted.length !== 1) faults.push("its rows cannot be read");
  if (strays) {
    const known = (path: string): boolean => referenced.has(path) || LOG_FILE.test(path);
    faults.push(...filesBelow(folder).filter((path) => !known(path)).map((path) => `stray file ${path}`)); // prettier-ignore
  }
  return faults;
}

const LOG_FILE = /^_delta_log\/(?:\d{20}\.(?:json|crc|checkpoint\.parquet)|_last_checkpoint)$/;

function pathsOf({ path, deletionVector }: AddFile, root: { url: string }): readonly string[] {
  const vector = deletionVector === undefined ? undefined : vectorPath(deletionVector, root);
  return vector === undefined ? [path] : [path, vector];
}
