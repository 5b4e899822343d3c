import { simulatedWorld, realWorld, type World } from "../../src/base/index.ts";
import { openLog, type CommitChanges, type Snapshot } from "../../src/delta/index.ts";
import { duckdbEngine } from "../../src/engine/index.ts";
import { memoryStore, type ObjectStore } from "../../src/storage/index.ts";
import { latestOf, shownSnapshot } from "../delta-builders.ts";
import { canonicalRows, type DeltaStruct } from "../services/canonical-rows.ts";
import { memberText } from "../simulation/log/member-text.ts";
import { SHARED, rowsAfter } from "./ledger.mjs";

export const LEDGER_SCHEMA: DeltaStruct = {
  type: "struct",
  fields: [
    { name: "writer", type: "string" },
    { name: "number", type: "long" },
    { name: "note", type: "string" },
  ],
};

export interface LedgerVerdict {
  /** Everything that is wrong; empty for a table in which each operation is there exactly once. */
  readonly faults: readonly string[];
  readonly version: number;
  readonly operations: number;
  readonly rows: number;
  /** Of the newest version, to be compared with what other engines read. */
  readonly sha256: string;
}

export interface LedgerAccount {
  readonly seed: number;
  readonly told: ReadonlyMap<string, number>;
  /** A scratch folder for the engine. */
  readonly folder: string;
}

/** So many versions are read row by row, spread over all. */
const VERSIONS_READ = 8;

/**
 * Judges the table of a ledger: every operation that a writer was told of is in exactly one commit, in order, every commit is
 * somebody's, some versions and the newest have exactly the rows that follow, and the checkpoints say what the commits say.
 */
export async function judgeLedger(store: ObjectStore, account: LedgerAccount): Promise<LedgerVerdict> {
  const world = realWorld();
  await using engine = await duckdbEngine({
    world,
    memoryBytes: 2 ** 28,
    threads: 2,
    spillFolder: account.folder,
    folders: store.localFolder === undefined ? [] : [store.localFolder],
  });
  const log = openLog(store, { world, checkpoints: engine.checkpoints });
  const newest = await latestOf(log);
  const commits: CommitChanges[] = [];
  for await (const commit of log.changes(0, newest.version)) commits.push(commit);
  const faults = [...faultsOfCommits(commits, account.told), ...(await faultsOfCheckpoints(store, newest, world))];
  const rowsOf = async (snapshot: Snapshot) => {
    const table = { name: "ledger", store, log, snapshot };
    return canonicalRows(
      LEDGER_SCHEMA,
      await engine.rows({ sql: "SELECT * FROM t", inputs: { t: { kind: "table", table } } }),
    );
  };
  for (const version of spread(newest.version, VERSIONS_READ)) {
    const snapshot = await log.at(version);
    const [ours, wanted] = [await rowsOf(snapshot), wantedRows(account, snapshot)];
    if (ours.sha256 === wanted.sha256) continue;
    const [found, missed] = [new Set(ours.lines), new Set(wanted.lines)];
    faults.push(
      `version ${version} has ${ours.count} rows, not ${wanted.count}: ` +
        `too many ${JSON.stringify(ours.lines.filter((line) => !missed.has(line)).slice(0, 3))}, ` +
        `missing ${JSON.stringify(wanted.lines.filter((line) => !found.has(line)).slice(0, 3))}`,
    );
  }
  const { count: rows, sha256 } = await rowsOf(newest);
  const operations = commits.reduce((sum, { txns }) => sum + txns.length, 0);
  return { faults, version: newest.version, operations, rows, sha256 };
}

/** What follows from how far each writer had come. */
function wantedRows({ seed, told }: LedgerAccount, snapshot: Snapshot): ReturnType<typeof canonicalRows> {
  const done = new Map([...told.keys()].map((writer) => [writer, snapshot.txns.get(writer)?.version ?? -1]));
  return canonicalRows(LEDGER_SCHEMA, rowsAfter(seed, done));
}

function faultsOfCommits(commits: readonly CommitChanges[], told: ReadonlyMap<string, number>): string[] {
  const faults: string[] = [];
  const next = new Map([...told.keys()].map((writer) => [writer, 0]));
  const ids = new Set<string>();
  for (const { version, txns, commitInfo } of commits) {
    const id = memberText(commitInfo, "txnId");
    if (id === "" || ids.has(id)) faults.push(`version ${version} is a commit that was there before: ${id}`);
    ids.add(id);
    if (txns.length === 0 && version > 1 && memberText(commitInfo, "operation") !== "OPTIMIZE") {
      faults.push(`version ${version} is nobody's`);
    }
    for (const { appId, version: number } of txns) {
      const expected = next.get(appId);
      if (number !== expected) faults.push(`version ${version} has operation ${number} of ${appId}, not ${expected}`);
      next.set(appId, number + 1);
    }
  }
  for (const [writer, last] of told) {
    const landed = (next.get(writer) ?? 0) - 1;
    if (landed !== last) faults.push(`${writer} was told of ${last} operations, and ${landed} are in the log`);
  }
  return faults;
}

/** The commits alone make the same table. */
async function faultsOfCheckpoints(store: ObjectStore, newest: Snapshot, world: World): Promise<string[]> {
  const commits = memoryStore({ world: simulatedWorld(1) });
  for await (const { path } of store.list("_delta_log/0")) {
    if (path.endsWith(".json")) await commits.create(path, await store.read(path));
  }
  const checkpoints = { read: neverAsked, write: neverAsked };
  const replayed = await openLog(commits, { world, checkpoints }).latest();
  const isSame = JSON.stringify(shownSnapshot(replayed)) === JSON.stringify(shownSnapshot(newest));
  return isSame ? [] : ["the checkpoints say something else than the commits"];
}

function neverAsked(): never {
  throw new Error("there are no checkpoints here");
}

/** From the version that has the shared row on. */
function spread(newest: number, count: number): number[] {
  const versions = Array.from({ length: count }, (_, index) => Math.round(1 + ((newest - 1) * index) / (count - 1)));
  return [...new Set(versions)];
}

export const FIRST_ROW = { writer: SHARED, number: 0, note: "0" };
