import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { runCli } from "../../src/cli/cli.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { recordedIo } from "./recorded-io.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tidy-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Three commits of two rows each in `./t`, one row of which is deleted again. */
async function smallTable(partitionColumns: readonly string[] = []): Promise<void> {
  await using table = await DeltaTable.create(join(folder, "t"), {
    schema: { id: "integer", part: "string" },
    partitionColumns,
  });
  for (const id of [1, 3, 5]) {
    await table.append([
      { id, part: "a" },
      { id: id + 1, part: "b" },
    ]);
  }
  await table.delete("id = 2");
}

async function cli(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const recorded = recordedIo({ folder, world: realWorld() });
  const status = await runCli(words, recorded.io);
  return { status, stdout: recorded.stdout(), stderr: recorded.stderr() };
}

async function json(...words: string[]): Promise<unknown> {
  const { stdout } = await cli(...words, "--json");
  return JSON.parse(stdout) as unknown;
}

describe("optimize", () => {
  test("says what was rewritten, and afterwards that there is nothing to do", async () => {
    await smallTable();
    const planned = await cli("optimize", "./t", "--dry-run");
    expect(planned.stdout).toMatch(/3 files \(.+\) would become 1 file; 1 deletion vector of 1 row folded\n/);
    expect(await json("history", "./t")).toMatchObject({ commits: { length: 5 } });
    const done = await cli("optimize", "./t");
    expect(done).toMatchObject({ status: 0 });
    expect(done.stdout).toMatch(/\.\/t is optimized, version 5: 3 files \(.+\) became 1 \(.+\); 1 deletion vector of/);
    expect((await cli("optimize", "./t")).stdout).toBe("./t has nothing to rewrite (1 file)\n");
    expect(
      (await cli("read", "./t", "--format", "csv", "--columns", "id")).stdout.trim().split(/\s+/).toSorted(),
    ).toEqual(["1", "3", "4", "5", "6", "id"]);
  });

  test("as JSON, of one partition, towards a size", async () => {
    await smallTable(["part"]);
    expect(await json("optimize", "./t", "--partition", "part=b", "--target-mb", "64")).toMatchObject({
      schema: "sluice.optimize/1",
      table: "./t",
      outcome: "committed",
      version: 5,
      commits: 1,
      metrics: { filesRemoved: 2, filesAdded: 1, partitions: 1, vectorsFolded: 0, filesLeft: 0 },
    });
    expect(await json("optimize", "./t", "--partition", "part")).toMatchObject({ error: { code: "usage.invalid" } });
    expect(await json("optimize", "./nothing")).toMatchObject({ error: { code: "table.missing" } });
  });
});

describe("vacuum and clean-log", () => {
  test("say what would be removed, and remove what may go", async () => {
    await smallTable();
    await cli("optimize", "./t");
    expect((await cli("vacuum", "./t")).stdout).toMatch(/^\.\/t has no file to remove \(left before 20/);
    expect(await json("vacuum", "./t", "--retain-hours", "0")).toMatchObject({ error: { code: "usage.invalid" } });
    const short = ["vacuum", "./t", "--retain-hours", "0", "--allow-short-retention"];
    const planned = await cli(...short, "--dry-run");
    expect(planned.stdout).toMatch(/^\.\/t: 4 files \(.+\) would be removed \(left before 20/);
    expect(await json(...short)).toMatchObject({
      schema: "sluice.vacuum/1",
      version: 5,
      dryRun: false,
      removedFiles: 4,
      youngFiles: 0,
      files: { length: 4 },
    });
    expect((await cli("read", "./t", "--format", "csv")).stdout.trim().split("\n")).toHaveLength(6);
    expect(await json("read", "./t", "--version", "2", "--format", "json")).toMatchObject({
      error: { code: "table.version-missing" },
    });
    expect((await cli("clean-log", "./t", "--retain-days", "0", "--dry-run")).stdout).toBe(
      "./t: nothing would be removed; its log begins with version 0\n",
    );
    expect(await json("clean-log", "./t")).toMatchObject({ schema: "sluice.clean-log/1", oldestVersion: 0 });
  });
});

describe("restore", () => {
  test("says what would come back and go, and brings it back", async () => {
    await smallTable();
    expect((await cli("restore", "./t", "--version", "1", "--dry-run")).stdout).toMatch(
      /^\.\/t would be restored to version 1: 1 file \(.+\) would come back, 3 files \(.+\) would go\n$/,
    );
    expect(await json("restore", "./t", "--version", "1")).toMatchObject({
      schema: "sluice.restore/1",
      outcome: "committed",
      version: 5,
      restored: 1,
      filesAdded: 1,
      filesRemoved: 3,
    });
    expect((await cli("read", "./t", "--format", "csv", "--columns", "id")).stdout.trim().split(/\s+/)).toHaveLength(3);
    expect((await cli("restore", "./t", "--version", "1")).stdout).toBe("./t has the content of version 1 already\n");
    expect(await json("restore", "./t")).toMatchObject({ error: { code: "usage.invalid" } });
  });
});

describe("clone", () => {
  test("makes a table of another one's files, which is read where they may be named", async () => {
    await smallTable();
    const made = await cli("clone", "./t", "./copy", "--version", "3");
    expect(made).toMatchObject({ status: 0 });
    expect(made.stdout).toMatch(/^\.\/copy is a clone of \.\/t at version 3: 3 files \(.+\), none copied\n$/);
    const source = made.stderr.match(/--allow-files-from (\S+)/)?.[1] ?? "";
    const ids = async (...more: string[]): Promise<string[]> => {
      const { stdout } = await cli("read", "./copy", "--format", "csv", "--columns", "id", ...more);
      return stdout.trim().split(/\s+/).toSorted();
    };
    for (const place of [source, "./t", join(folder, "t")]) {
      expect(await ids("--allow-files-from", place)).toEqual(["1", "2", "3", "4", "5", "6", "id"]);
    }
    const refused = await cli("read", "./copy");
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/outside of the table's folder.*--allow-files-from/s);
    expect(await json("clone", "./t", "./copy")).toMatchObject({ error: { code: "table.exists" } });
    expect(await json("clone", "./t", "./other")).toMatchObject({
      schema: "sluice.clone/1",
      table: "./t",
      version: 4,
      target: "./other",
      files: 3,
      allowFilesFrom: [source],
    });
    const vacuum = ["vacuum", "./other", "--retain-hours", "0", "--allow-short-retention", "--allow-files-from", "t"];
    expect(await json(...vacuum)).toMatchObject({ removedFiles: 0 });
    expect((await cli("read", "./t", "--limit", "9")).status).toBe(0);
  });
});
