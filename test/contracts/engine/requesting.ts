import { describe, expect, test } from "vitest";
import { field, struct } from "../../../src/contract/index.ts";
import type { Row } from "../../../src/engine/index.ts";
import { countingStore, memoryStore, type CountingStore, type StoreCounts } from "../../../src/storage/index.ts";
import { lakeUnderTest, sql, type LakeUnderTest, type MakeEngine, type TableUnderTest } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("name", "string")]);
const INTERVAL = 10;
/** Both tables are two commits after a checkpoint; the other one has four times as many files, commits and checkpoints. */
const FEW = INTERVAL + 2;
const MANY = 4 * INTERVAL + 2;

/** Requests that an object store is paid for. */
type Requests = Pick<StoreCounts, "read" | "stat" | "list" | "create" | "createFromFile" | "replace" | "remove">;

interface Measured {
  readonly operation: string;
  readonly requests: Requests;
}

export function requesting(make: MakeEngine): void {
  describe("requests to the store", () => {
    test("are the same few, however many files and commits a table has", { timeout: 60_000 }, async () => {
      await using lake = await lakeUnderTest(make);
      const few = await measure(lake, FEW);
      expect(await measure(lake, MANY)).toEqual(few);
      const total = new Map(few.map(({ operation, requests }) => [operation, sum(requests)]));
      // Hint, listing, checkpoint and its size, two commits, and the look for a third.
      expect(total.get("open, nothing known")).toBe(7);
      // The look for another commit, and whether the last one is still there.
      expect(total.get("open again")).toBe(2);
      // One commit and its time, and the look for another.
      expect(total.get("advance by a commit")).toBe(3);
      // Whether the version is still the last, the file, the commit and its time, the checksum.
      expect(total.get("append")).toBe(5);
      // The same, the vector, and the one file that may hold the key of all that there are.
      expect(total.get("merge")).toBe(7);
      expect(total.get("read a row")).toBe(1);
    });
  });
}

async function measure(lake: LakeUnderTest, commits: number): Promise<readonly Measured[]> {
  const store = countingStore(memoryStore({ world: lake.world, url: `memory://${lake.world.uuid()}` }));
  const writer = lake.table(store);
  const properties = { "delta.enableDeletionVectors": "true", "delta.checkpointInterval": String(INTERVAL) };
  await writer.create({ schema: SCHEMA, properties }, rowsOfCommit(0));
  for (let commit = 1; commit < commits; commit += 1) await writer.append(SCHEMA, rowsOfCommit(commit));
  const table = lake.table(store);
  const measured: Measured[] = [];
  const count = async (operation: string, work: () => Promise<unknown>): Promise<void> => {
    store.reset();
    await work();
    measured.push({ operation, requests: requestsOf(store) });
  };
  await count("open, nothing known", async () => await table.open());
  await count("open again", async () => await table.open());
  await writer.append(SCHEMA, rowsOfCommit(commits));
  await count("advance by a commit", async () => await table.open());
  await count("append", async () => await appendTo(lake, table));
  await count("merge", async () => await mergeInto(lake, table));
  await count("read a row", async () => await readOf(lake, table));
  expect(writer.warnings).toEqual([]);
  return measured;
}

/** Two, so that a merge of one of them leaves the file with a deletion vector. */
function rowsOfCommit(commit: number): readonly Row[] {
  return [2 * commit, 2 * commit + 1].map((id) => ({ id: BigInt(id), name: "old" }));
}

/** With what the log knows already, as a run that goes on writing. */
async function opened(table: TableUnderTest): Promise<Awaited<ReturnType<TableUnderTest["open"]>>> {
  const before = { ...(table.store as CountingStore).counts };
  const found = await table.open();
  Object.assign((table.store as CountingStore).counts, before);
  return found;
}

async function appendTo(lake: LakeUnderTest, table: TableUnderTest): Promise<void> {
  const { kind } = await lake.engine.append(await opened(table), sql("select 1000 as id, 'new' as name"));
  expect(kind).toBe("committed");
}

async function mergeInto(lake: LakeUnderTest, table: TableUnderTest): Promise<void> {
  const source = sql("select 2 as id, 'merged' as name");
  const outcome = await lake.engine.merge(await opened(table), { source, keys: ["id"] });
  expect(outcome).toMatchObject({ kind: "committed", metrics: { rowsUpdated: 1 } });
}

async function readOf(lake: LakeUnderTest, table: TableUnderTest): Promise<void> {
  const ranges = [{ path: ["id"], type: "long", min: 11n, max: 11n }] as const;
  const input = { kind: "table", table: await opened(table), ranges } as const;
  expect(await lake.engine.rows({ sql: "select name from t where id = 11", inputs: { t: input } })).toEqual([
    { name: "old" },
  ]);
}

function requestsOf({ counts }: CountingStore): Requests {
  const { read, stat, list, create, createFromFile, replace, remove } = counts;
  return { read, stat, list, create, createFromFile, replace, remove };
}

function sum(requests: Requests): number {
  return Object.values(requests).reduce((total, count) => total + count, 0);
}
