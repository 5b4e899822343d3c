import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeltaTable } from "../../src/lake/delta-door.ts";

describe("a shallow clone", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice clone ü%-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (name: string): string => join(folder, name);

  async function source(name: string, properties: Record<string, string> = {}): Promise<DeltaTable> {
    const table: DeltaTable = await DeltaTable.create(at(name), {
      schema: { type: "struct", fields: [column("id", "long"), column("part", "string"), column("v", "long")] },
      partitionColumns: ["part"],
      properties,
    });
    await table.append(rows(0, 20));
    await table.delete("id in (3, 4)");
    return table;
  }

  test("has the rows of the version that it was made of, in files that nobody copied", async () => {
    await using table = await source("first source");
    const before = await idsOf(table);
    await using clone = await table.clone(at("first"), { version: 1 });
    expect(await idsOf(clone)).toEqual(Array.from({ length: 20 }, (_, id) => id));
    await using later = await table.clone(at("first later"));
    expect(await idsOf(later)).toEqual(before);
    expect(dataFilesIn(at("first later"))).toEqual([]);
    expect(later.version).toBe(0);
    expect(later.snapshot.metadata.id).not.toBe(table.snapshot.metadata.id);
    expect(later.schema).toEqual(table.schema);
    const { value } = await later.history()[Symbol.asyncIterator]().next();
    expect(value.commitInfo).toMatchObject({
      operation: "CLONE",
      operationParameters: { source: `delta.\`file:${at("first source")}\``, sourceVersion: table.version },
      isBlindAppend: false,
    });
    for (const { path, deletionVector } of later.snapshot.files.values()) {
      expect(path.startsWith("/file:///")).toBe(true);
      if (deletionVector !== undefined) expect(deletionVector.storageType).toBe("p");
    }
  });

  test("is opened with leave to read the source's folder, and not without", async () => {
    await using table = await source("second source");
    await using clone = await table.clone(at("second"));
    const expected = await idsOf(clone);
    for (const refused of [undefined, [], [at("second")], [at("second sourc")], [join(at("second source"), "x")]]) {
      const options = refused === undefined ? {} : { allowFilesFrom: refused };
      await expect(DeltaTable.open(at("second"), options)).rejects.toMatchObject({
        code: "table.unsupported",
        message: expect.stringMatching(/second%20source\/.*outside of the table's folder/),
        advice: expect.stringContaining("allowFilesFrom"),
      });
    }
    for (const allowed of [
      at("second source"),
      `${at("second source")}/`,
      pathToFileURL(at("second source")).href,
      folder,
    ]) {
      await using opened = await DeltaTable.open(at("second"), { allowFilesFrom: [allowed] });
      expect(await idsOf(opened)).toEqual(expected);
    }
  });

  test("is written to, rewritten, cleaned and vacuumed in its own folder alone", async () => {
    await using table = await source("third source");
    const untouched = snapshotOf(at("third source"));
    await using clone = await table.clone(at("third"));
    await clone.append(rows(100, 110));
    await clone.merge([{ id: 1n, part: "a", v: 77n }], { keys: ["id"] });
    await clone.delete("id = 7");
    await clone.update({ set: { v: "v + 1" }, where: "id = 8" });
    const expected = await idsOf(clone);
    expect(expected).toEqual([0, 1, 2, 5, 6, 8, ...range(9, 20), ...range(100, 110)]);
    const vacuumed = await clone.vacuum({ retentionMs: 0, allowShortRetention: true, dryRun: true });
    expect(vacuumed.removed.every(({ path }) => !path.startsWith("/"))).toBe(true);
    await clone.optimize({ deletedShareMax: 0 });
    expect(await idsOf(clone)).toEqual(expected);
    expect([...clone.snapshot.files.keys()].filter((path) => path.startsWith("/"))).toEqual([]);
    await clone.vacuum({ retentionMs: 0, allowShortRetention: true });
    await clone.cleanLog({ retentionMs: 0 });
    expect(await idsOf(clone)).toEqual(expected);
    expect(snapshotOf(at("third source"))).toEqual(untouched);
    // Nothing of the source is left in it, and no leave is needed any more for its newest files, only for its history.
    await clone.restore({ version: 0, allowExpiredFiles: true });
    expect(await idsOf(clone)).toEqual(await idsOf(table));
  });

  test("is read by a checkpoint, too, and by a log that follows", async () => {
    await using table = await source("fourth source");
    await using clone = await table.clone(at("fourth"));
    await using follower = await DeltaTable.open(at("fourth"), { allowFilesFrom: [at("fourth source")] });
    await clone.setProperties({ "delta.checkpointInterval": "1" });
    await clone.delete("id = 0");
    await follower.refresh();
    expect(await idsOf(follower)).toEqual(await idsOf(clone));
    expect(readdirSync(join(at("fourth"), "_delta_log")).some((name) => name.includes("checkpoint.parquet"))).toBe(
      true,
    );
    await using reopened = await DeltaTable.open(at("fourth"), { allowFilesFrom: [at("fourth source")] });
    expect(await idsOf(reopened)).toEqual(await idsOf(clone));
    await expect(DeltaTable.open(at("fourth"))).rejects.toMatchObject({ code: "table.unsupported" });
  });

  test("is made of an older version as long as its files are there", async () => {
    await using table = await source("older source", { "delta.enableDeletionVectors": "false" });
    const before = await idsOf(table);
    const version = table.version;
    await table.overwrite(rows(50, 60));
    await using clone = await table.clone(at("older"), { version });
    expect(await idsOf(clone)).toEqual(before);
    await table.vacuum({ retentionMs: 0, allowShortRetention: true });
    await expect(table.clone(at("too late"), { version })).rejects.toMatchObject({
      code: "table.version-missing",
      message: expect.stringMatching(/^Cannot clone .*older source to .*too late: files of that version were removed/),
      facts: { version },
    });
    await expect(DeltaTable.open(at("too late"))).rejects.toMatchObject({ code: "table.missing" });
    await using newest = await table.clone(at("not too late"));
    expect(await idsOf(newest)).toEqual(range(50, 60));
  });

  test("can be cloned in turn, with files of both", async () => {
    await using table = await source("fifth source");
    await using clone = await table.clone(at("fifth"));
    await clone.append(rows(50, 52));
    await using second = await clone.clone(at("fifth second"));
    expect(await idsOf(second)).toEqual(await idsOf(clone));
    await second.delete("id in (0, 50)");
    expect(await idsOf(clone)).toContain(50);
    await using opened = await DeltaTable.open(at("fifth second"), {
      allowFilesFrom: [at("fifth"), at("fifth source")],
    });
    expect(await idsOf(opened)).toEqual(await idsOf(second));
    await expect(DeltaTable.open(at("fifth second"), { allowFilesFrom: [at("fifth")] })).rejects.toMatchObject({
      code: "table.unsupported",
    });
  });

  test("keeps row ids, the marks that ids go on from, times and what the table is clustered by", async () => {
    const properties = { "delta.enableRowTracking": "true", "delta.enableInCommitTimestamps": "true" };
    await using table = await DeltaTable.create(at("sixth source"), {
      schema: { id: "long", v: "long" },
      clusterBy: ["v"],
      properties,
    });
    await table.append([1n, 2n, 3n].map((id) => ({ id, v: 0n })));
    await table.append([{ id: 4n, v: 0n }]);
    await table.delete("id = 4");
    const idsThere = await rowIdsOf(table);
    await using clone = await table.clone(at("sixth"));
    expect(await rowIdsOf(clone)).toEqual(idsThere);
    await clone.append([{ id: 5n, v: 1n }]);
    const ids = new Map(await rowIdsOf(clone));
    expect(ids.get(5n)).toBe(4n);
    expect([...clone.snapshot.domains.keys()].toSorted()).toEqual([...table.snapshot.domains.keys()].toSorted());
  });

  test("is refused where a table is, and where one folder lies in the other", async () => {
    await using table = await source("seventh source");
    await expect(table.clone(at("seventh source"))).rejects.toMatchObject({ code: "usage.invalid" });
    await expect(table.clone(join(at("seventh source"), "inside"))).rejects.toThrow(
      /one of the folders lies in the other/,
    );
    await using inner = await source("eighth/source");
    await expect(inner.clone(at("eighth"))).rejects.toThrow(/one of the folders lies in the other/);
    await using clone = await table.clone(at("seventh"));
    await expect(table.clone(at("seventh"))).rejects.toMatchObject({ code: "table.exists" });
    expect(await idsOf(clone)).toEqual(await idsOf(table));
  });

  test("names no file outside of a trusted folder, however it is spelt", async () => {
    await using table = await source("ninth source");
    await using clone = await table.clone(at("ninth"));
    writeFileSync(join(folder, "secret.parquet"), "secret");
    const url = pathToFileURL(at("ninth source")).href;
    for (const path of [
      `${url}/../secret.parquet`,
      `${url}/%2e%2e/secret.parquet`,
      `${url}x/secret.parquet`,
      `${url}/`,
      `${url}/a%00b`,
    ]) {
      const line = { add: { path, partitionValues: { part: "a" }, size: 6, modificationTime: 1, dataChange: true } };
      const file = join(at("ninth"), "_delta_log", `${String(clone.version + 1).padStart(20, "0")}.json`);
      writeFileSync(file, `${JSON.stringify(line)}\n`);
      await expect(DeltaTable.open(at("ninth"), { allowFilesFrom: [at("ninth source")] })).rejects.toThrow(
        /Cannot use data file/,
      );
      rmSync(file);
    }
  });
});

function column(name: string, type: "long" | "string") {
  return { name, type, nullable: true, metadata: {} } as const;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function rows(from: number, to: number) {
  return range(from, to).map((id) => ({ id: BigInt(id), part: id % 2 === 0 ? "a b/%" : null, v: 0n }));
}

async function idsOf(table: Pick<DeltaTable, "toArray">): Promise<number[]> {
  const found = await table.toArray();
  return found.map((row) => Number(row["id"])).toSorted((left, right) => left - right);
}

async function rowIdsOf(table: {
  toArray(options: { rowIds: true }): Promise<readonly object[]>;
}): Promise<readonly (readonly [unknown, unknown])[]> {
  const found = (await table.toArray({ rowIds: true })) as readonly Record<string, unknown>[];
  return found
    .map((row) => [row["id"], row["_row_id"]] as const)
    .toSorted((left, right) => Number(left[0]) - Number(right[0]));
}

function snapshotOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => `${name} ${statSync(join(path, name)).size} ${statSync(join(path, name)).mtimeMs}`)
    .toSorted();
}

function dataFilesIn(path: string): readonly string[] {
  return readdirSync(path).filter((name) => name !== "_delta_log");
}
