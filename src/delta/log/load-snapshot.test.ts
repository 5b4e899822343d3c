import { describe, expect, test } from "vitest";
import { simulatedWorld, type SluiceError } from "../../base/index.ts";
import { faultyStore, memoryStore } from "../../storage/index.ts";
import {
  LINES,
  append,
  bytesOf,
  commitFile,
  committed,
  latestOf,
  storeWith,
  tableWithHistory,
  testLog,
  textOf,
  warningLog,
} from "../../../test/delta-builders.ts";

describe("a log with files that are missing or more than there should be", () => {
  test("is no table without commits", async () => {
    expect(await testLog(memoryStore({ world: simulatedWorld(1) })).latest()).toBeUndefined();
    expect(await testLog(await storeWith("_delta_log/readme.txt", "hello")).latest()).toBeUndefined();
    expect(await testLog(await storeWith(HINT_FILE, '{"version":3,"size":1}')).latest()).toBeUndefined();
  });

  test("fails for a gap, naming the commit that is missing (F22)", async () => {
    const store = await tableWithHistory(5);
    await store.remove([commitFile(3)]);
    await expect(testLog(store).latest()).rejects.toThrow(/0003\.json is missing/);
    await expect(testLog(store).at(5)).rejects.toMatchObject({ code: "table.corrupt" });
    expect((await testLog(store).at(2)).files.size).toBe(2);
  });

  test("works by listing when the hint is stale, damaged, ahead or gone (F23)", async () => {
    for (const hint of [
      "",
      "{",
      "[]",
      '{"version":-1}',
      '{"version":"2"}',
      '{"version":0}',
      '{"version":99}',
      undefined,
    ]) {
      const store = await tableWithHistory(5, { "delta.checkpointInterval": "2" });
      if (hint === undefined) await store.remove([HINT_FILE]);
      else await store.replace(HINT_FILE, bytesOf(hint));
      expect((await latestOf(testLog(store))).files.size).toBe(5);
      expect((await testLog(store).head())?.version).toBe(5);
    }
  });

  test("works without its checkpoints as long as there are commits, and says so (F4)", async () => {
    for (const body of ["", "garbage", `${LINES.metaData}\n`, `${LINES.protocol}\n`]) {
      const store = await tableWithHistory(4, { "delta.checkpointInterval": "2" });
      await store.replace(checkpointFile(3), bytesOf(body));
      const warnings: SluiceError[] = [];
      const snapshot = await latestOf(warningLog(store, warnings));
      expect(snapshot.files.size).toBe(4);
      expect(warnings.length).toBeGreaterThan(0);
      for (const version of [0, 1, 2, 3]) await store.remove([commitFile(version), checkpointFile(version - 1)]);
      await expect(warningLog(store, []).latest()).rejects.toThrow(/0003\.checkpoint\.parquet/);
    }
  });

  test("is read from a checkpoint alone, and goes on from it", async () => {
    const store = await tableWithHistory(4, { "delta.checkpointInterval": "1" });
    await store.remove([0, 1, 2, 3, 4].flatMap((version) => [commitFile(version), checksumFile(version)]));
    await store.remove([0, 1, 2, 3].map(checkpointFile));
    const log = testLog(store);
    const snapshot = await latestOf(log);
    expect([snapshot.version, snapshot.files.size]).toEqual([4, 4]);
    expect(committed(await log.commit(append(snapshot, ["more"]))).version).toBe(5);
    await expect(testLog(store).at(2)).rejects.toMatchObject({ code: "table.version-missing" });
    await expect(testLog(store).at(9)).rejects.toMatchObject({ code: "table.version-missing" });
  });

  test("is read from several parts when all of them are there, and around them when one is not", async () => {
    const store = await tableWithHistory(4, { "delta.checkpointInterval": "3" });
    const lines = textOf(await store.read(checkpointFile(2)))
      .split("\n")
      .filter((line) => line !== "");
    const part = (index: number): string =>
      checkpointFile(2).replace("parquet", `000000000${index}.0000000002.parquet`);
    await store.remove([checkpointFile(2), HINT_FILE]);
    await store.create(part(1), bytesOf(`${lines.slice(0, 2).join("\n")}\n`));
    expect((await latestOf(testLog(store))).files.size).toBe(4);
    await store.create(part(2), bytesOf(`${lines.slice(2).join("\n")}\n`));
    await store.remove([commitFile(0), commitFile(1), commitFile(2)]);
    expect((await latestOf(testLog(store))).files.size).toBe(4);
    await store.remove([part(2)]);
    await expect(testLog(store).latest()).rejects.toMatchObject({ code: "table.corrupt" });
  });

  test("is read from a checkpoint of the second form, with its files beside it", async () => {
    const store = await tableWithHistory(4, { "delta.checkpointInterval": "3" });
    const lines = textOf(await store.read(checkpointFile(2)))
      .split("\n")
      .filter((line) => line !== "");
    const adds = lines.filter((line) => line.startsWith('{"add"'));
    const rest = lines.filter((line) => !line.startsWith('{"add"'));
    const name = "3a0d65cd-4056-49b8-937b-95f9e3ee90e5";
    const top = [
      ...rest,
      '{"checkpointMetadata":{"version":2}}',
      '{"sidecar":{"path":"side.parquet","sizeInBytes":1}}',
    ];
    await store.create(checkpointFile(2).replace("parquet", `${name}.json`), bytesOf(top.join("\n")));
    await store.create("_delta_log/_sidecars/side.parquet", bytesOf(`${adds.join("\n")}\n`));
    await store.remove([checkpointFile(2), commitFile(0), commitFile(1), commitFile(2)]);
    expect((await latestOf(testLog(store))).files.size).toBe(4);
    await store.remove(["_delta_log/_sidecars/side.parquet"]);
    await expect(warningLog(store, []).latest()).rejects.toThrow(/side\.parquet: it is missing/);
  });

  test("works without checksum files, and with damaged ones, which it names", async () => {
    const good = textOf(await (await tableWithHistory(2)).read(checksumFile(2)));
    const damaged = [
      "",
      "{",
      "[]",
      good.replace(/"numFiles":\d+/, '"numFiles":-1'),
      good.replace(/"schemaString":"/, ""),
    ];
    for (const body of damaged) {
      const store = await tableWithHistory(2);
      await store.replace(checksumFile(2), bytesOf(body));
      const warnings: SluiceError[] = [];
      expect((await warningLog(store, warnings).head())?.version).toBe(2);
      expect(warnings[0]?.message).toContain("00002.crc");
    }
    const store = await tableWithHistory(2);
    await store.remove([checksumFile(2)]);
    expect((await testLog(store).head())?.version).toBe(2);
  });

  test("passes over files that are not its own", async () => {
    const store = await tableWithHistory(3);
    const strangers = [
      `${commitFile(3)}.tmp`,
      "_delta_log/.00000000000000000003.json.crc",
      "_delta_log/00000000000000000000.00000000000000000002.compacted.json.tmp",
      "_delta_log/_staged_commits/00000000000000000004.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json",
      "_delta_log/0/x",
    ];
    for (const path of strangers) await store.create(path, bytesOf("not ours"));
    expect((await latestOf(testLog(store))).version).toBe(3);
  });

  test("is read to its end from a listing that is late (F27)", async () => {
    for (const missing of [1, 2, 5]) {
      const inner = await tableWithHistory(6, { "delta.checkpointInterval": "4" });
      const world = simulatedWorld(9);
      const plan = [{ at: 1, times: 100, operation: "list", effect: { kind: "stale", missing } }] as const;
      const store = faultyStore(inner, { world, plan });
      expect((await latestOf(testLog(store))).version).toBe(6);
      expect((await testLog(store).head())?.version).toBe(6);
      expect((await testLog(store).at(6)).files.size).toBe(6);
    }
  });

  test("that was cleaned up under an open log is opened anew", async () => {
    const store = await tableWithHistory(3, { "delta.checkpointInterval": "1" });
    const log = testLog(store);
    await latestOf(log);
    const writer = testLog(store);
    for (const path of ["x", "y"]) await writer.commit(append(await latestOf(writer), [path]));
    await store.remove([0, 1, 2, 3, 4].flatMap((version) => [commitFile(version), checkpointFile(version)]));
    expect((await latestOf(log)).version).toBe(5);
  });
});

const HINT_FILE = "_delta_log/_last_checkpoint";

function checksumFile(version: number): string {
  return commitFile(version).replace("json", "crc");
}

function checkpointFile(version: number): string {
  return commitFile(version).replace("json", "checkpoint.parquet");
}
