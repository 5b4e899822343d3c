import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { must, parseJson, simulatedWorld, stringifyJson, type JsonObject } from "../../../base/index.ts";
import { field, struct } from "../../../contract/index.ts";
import { anyAction } from "../../../../test/builders/any-action.ts";
import { creation, metadataOf, removesOf } from "../../../../test/delta-builders.ts";
import {
  actionAt,
  openLog,
  removeOf,
  type AddFile,
  type CheckpointFiles,
  type DeltaLog,
  type RemoveFile,
} from "../../../delta/index.ts";
import { memoryStore, type ObjectStore } from "../../../storage/index.ts";
import { Database } from "../database.ts";
import { EngineParts } from "../engine-parts.ts";
import { checkpointFiles } from "./checkpoint-files.ts";

const world = simulatedWorld(7);
const PATH = "_delta_log/00000000000000000010.checkpoint.parquet";

describe("checkpoints in Parquet", () => {
  let folder: string;
  let database: Database;
  let checkpoints: CheckpointFiles;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-checkpoints-"));
    database = await Database.open({ memoryBytes: 2 ** 28, threads: 2, spillFolder: folder, world });
    checkpoints = checkpointFiles(new EngineParts(database));
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  test("every action comes back as it was", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAction, { maxLength: 20 }), async (list) => {
        const store = memoryStore({ world });
        const written = await checkpoints.write(store, PATH, [list]);
        expect(written).toMatchObject({ outcome: "created", rows: list.length });
        expect(written.sizeBytes).toBe((await store.stat(PATH))?.sizeBytes);
        const read = await actionsIn(checkpoints, store, PATH);
        expect(texted(read.map(withoutDerived))).toEqual(texted(list.map(withoutDerived)));
      }),
      { numRuns: 60 },
    );
  });

  test.each(["classic", "v2"])("files go from one %s checkpoint into the next as they are", async (policy) => {
    const store = memoryStore({ world });
    const schema = struct([field("value", "long"), field("day", "string")]);
    const created = metadataOf({
      schema,
      partitionColumns: ["day"],
      configuration: {
        "delta.checkpointInterval": "1",
        "delta.checkpointPolicy": policy,
        "delta.enableDeletionVectors": "true",
      },
    });
    const log = (): DeltaLog => openLog(store, { world, checkpoints });
    const vector = { storageType: "u", pathOrInlineDv: "abc", sizeInBytes: 40, cardinality: 2 } as const;
    const files: readonly AddFile[] = ["plain", "day=1/a b", "caf\u00E9:%", "deleted", "tagged"].map((path, index) => ({
      path,
      partitionValues: { day: index === 0 ? null : `"${index}"` },
      sizeBytes: index,
      modificationTime: 7,
      dataChange: true,
      stats: '{"numRecords":5}',
      ...(path === "deleted" ? { deletionVector: vector } : {}),
      ...(path === "tagged" ? { tags: { a: "b" }, extra: { baseRowId: 7, defaultRowCommitVersion: 1 } } : {}),
    }));
    const first = await log().commit({ ...creation(created, schema), adds: files });
    expect(first.kind).toBe("committed");
    const leaving = ["plain", "caf\u00E9:%", "deleted", "tagged"];
    const gone: RemoveFile[] = [];
    for (const path of ["more", "still more"]) {
      // Each knows the table by its checkpoint alone, and writes the next.
      const next = log();
      const base = await next.latest();
      const added = [{ ...(files[0] as AddFile), path }];
      const removes = (path === "more" ? leaving : []).map((left) =>
        removeOf(must(base?.files.get(left), "it is there"), world.nowMs()),
      );
      gone.push(...removes);
      const reads = { wholeTable: false, files: new Set<string>() };
      await next.commit({ base, operation: "WRITE", adds: added, removes, reads });
    }
    const names: string[] = [];
    for await (const { path } of store.list("_delta_log/")) names.push(path);
    const form = policy === "v2" ? /2\.checkpoint\.[0-9a-f-]{36}\.parquet$/ : /2\.checkpoint\.parquet$/;
    expect(names.filter((path) => form.test(path))).toHaveLength(1);
    expect(names.filter((path) => path.includes("/_sidecars/"))).toHaveLength(policy === "v2" ? 3 : 0);
    const last = await log().latest();
    const stays = files.filter((file) => !leaving.includes(file.path));
    const expected = [...stays, ...["more", "still more"].map((path) => ({ ...(files[0] as AddFile), path }))];
    expect([...(last?.files.values() ?? [])].toSorted(byPath)).toEqual(
      expected.map((file) => ({ ...file, dataChange: false })).toSorted(byPath),
    );
    expect(gone).toHaveLength(4);
    expect([...removesOf(must(last, "the table exists"))].toSorted(byPath)).toEqual(
      gone.map((remove) => ({ ...remove, dataChange: false })).toSorted(byPath),
    );
    const kinds: string[] = [];
    for (const path of names.filter((one) => one.endsWith(".parquet"))) {
      for await (const batch of checkpoints.read(store, path)) if ("kind" in batch) kinds.push(batch.kind);
    }
    expect(new Set(kinds)).toEqual(new Set(["adds", "removes"]));
  });

  test("one that is there is left alone", async () => {
    const store = memoryStore({ world });
    await checkpoints.write(store, PATH, [[{ txn: { appId: "a", version: 1 } }]]);
    expect(await checkpoints.write(store, PATH, [])).toMatchObject({ outcome: "exists" });
    expect(await actionsIn(checkpoints, store, PATH)).toEqual([{ txn: { appId: "a", version: 1 } }]);
  });

  test("columns have the protocol's types", async () => {
    const store = memoryStore({ world });
    await checkpoints.write(store, PATH, [[{ txn: { appId: "a", version: 1 } }]]);
    const file = await put(store, PATH);
    await using session = await database.session();
    const rows = await session.rows(
      `SELECT name, type, converted_type FROM parquet_schema('${file}') WHERE name IN ('partitionValues', 'size', 'offset', 'minReaderVersion', 'readerFeatures', 'dataChange')`,
      { what: "try" },
    );
    expect(new Set(rows.map((row) => row.join(" ")))).toEqual(
      new Set([
        "partitionValues  MAP",
        "size INT64 INT_64",
        "offset INT32 INT_32",
        "minReaderVersion INT32 INT_32",
        "readerFeatures  LIST",
        "dataChange BOOLEAN ",
      ]),
    );
  });

  test("statistics and partition values that are only there as columns become JSON again", async () => {
    const store = memoryStore({ world });
    const sql = `SELECT {path: 'a', size: 3::BIGINT, stats: NULL::VARCHAR,
        partitionValues_parsed: {day: date '2024-02-29', n: 7, nothing: NULL::INTEGER, moment: timestamp '2024-01-01 10:00:00.5'},
        stats_parsed: {numRecords: 5::BIGINT, minValues: {price: 1.10::DECIMAL(10,2), moment: timestamptz '2024-01-01 00:00:00.123456Z',
          day: date '2024-01-01', ratio: 'inf'::DOUBLE, deep: {x: 9007199254740993::BIGINT}}, nullCount: {price: 0::BIGINT}}} AS add
      UNION ALL SELECT {path: 'b', size: 4::BIGINT, stats: '{"numRecords":1}', partitionValues_parsed: NULL, stats_parsed: NULL}`;
    await foreign(sql, store, PATH);
    const [first, second] = await actionsIn(checkpoints, store, PATH);
    expect(texted([first ?? {}])).toEqual(
      texted([
        {
          add: {
            path: "a",
            size: 3,
            stats:
              '{"numRecords":5,"minValues":{"price":1.10,"moment":"2024-01-01T00:00:00.123456Z","day":"2024-01-01","deep":{"x":9007199254740993}},"nullCount":{"price":0}}',
            partitionValues: { day: "2024-02-29", n: "7", nothing: null, moment: "2024-01-01 10:00:00.500000" },
          },
        },
      ]),
    );
    expect(second).toEqual({ add: { path: "b", size: 4, stats: '{"numRecords":1}' } });
  });

  test("columns that nobody knows, and rows without an action, do no harm", async () => {
    const store = memoryStore({ world });
    await foreign(
      `SELECT {appId: 'a', version: 1::BIGINT, more: 'x'} AS txn, 5 AS number, {x: 1} AS new_action
       UNION ALL SELECT NULL, 6, NULL`,
      store,
      PATH,
    );
    expect(await actionsIn(checkpoints, store, PATH)).toEqual([
      { txn: { appId: "a", version: 1, more: "x" }, new_action: { x: 1 } },
      {},
    ]);
  });

  test("what is no Parquet, cut off or no checkpoint fails and is named", async () => {
    const store = memoryStore({ world });
    await checkpoints.write(store, PATH, [[{ txn: { appId: "a", version: 1 } }]]);
    const whole = await store.read(PATH);
    for (const body of [
      new Uint8Array(0),
      new TextEncoder().encode("{}"),
      whole.subarray(0, -5),
      whole.fill(0xff, 4, 60),
    ]) {
      await store.replace("other.parquet", body);
      const fresh = checkpointFiles(new EngineParts(database));
      await expect(actionsIn(fresh, store, "other.parquet")).rejects.toMatchObject({
        code: "table.corrupt",
        message: expect.stringContaining("other.parquet"),
      });
    }
    await foreign("SELECT 1 AS a", store, "numbers.parquet");
    await expect(actionsIn(checkpoints, store, "numbers.parquet")).rejects.toMatchObject({ code: "table.corrupt" });
    await expect(actionsIn(checkpoints, store, "none.parquet")).rejects.toMatchObject({ code: "storage.missing" });
  });

  /** A file of another writer. */
  async function foreign(sql: string, store: ObjectStore, path: string): Promise<void> {
    const file = database.newPath("foreign");
    await using session = await database.session();
    await session.run(`COPY (${sql}) TO '${file}' (FORMAT parquet)`, { what: "try" });
    await store.replace(path, await readFile(file));
  }

  async function put(store: ObjectStore, path: string): Promise<string> {
    const { paths } = await new EngineParts(database).files.use(store, [
      { path, sizeBytes: (await store.read(path)).length },
    ]);
    return paths[0] ?? "";
  }
});

async function actionsIn(
  checkpoints: CheckpointFiles,
  store: ObjectStore,
  path: string,
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const batch of checkpoints.read(store, path)) {
    if ("kind" in batch) found.push(...Array.from({ length: batch.rows }, (_, row) => actionAt(batch, row)));
    else found.push(...batch);
  }
  return found;
}

/** As text with sorted members: neither their order nor the kind of a number says anything. */
function texted(list: readonly JsonObject[]): readonly string[] {
  return list
    .map((action) => JSON.stringify(sorted(JSON.parse(stringifyJson(parseJson(stringifyJson(action)))))))
    .toSorted();
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}

/** What follows from the other members of a remove. */
function withoutDerived(action: JsonObject): JsonObject {
  const { remove } = action;
  if (typeof remove !== "object" || remove === null || !("path" in remove)) return action;
  const { extendedFileMetadata: _derived, ...rest } = remove;
  return { ...action, remove: rest };
}

function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : 1;
}
