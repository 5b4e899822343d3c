import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { simulatedWorld } from "../../base/index.ts";
import { Database } from "./database.ts";

const DOING = { what: "try" };

describe("the database", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-database-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  let seed = 0;
  async function opened(folders?: readonly string[]): Promise<Database> {
    const world = simulatedWorld((seed += 1));
    const options = { memoryBytes: 2 ** 27, threads: 1, spillFolder: join(folder, "spill"), world };
    return await Database.open(folders === undefined ? options : { ...options, folders });
  }

  test("every session runs in UTC, with settings that nobody can change", async () => {
    const database = await opened();
    await using session = await database.session();
    const [row] = await session.rows("SELECT current_setting('TimeZone'), timestamptz '2024-07-01'::varchar", DOING);
    expect(row).toEqual(["UTC", "2024-07-01 00:00:00+00"]);
    for (const sql of [
      "SET TimeZone = 'Europe/Berlin'",
      "SET memory_limit = '1GB'",
      "SET enable_external_access = true",
    ]) {
      await expect(session.run(sql, DOING)).rejects.toMatchObject({ message: expect.stringContaining("locked") });
    }
    await session[Symbol.asyncDispose]();
    await database.close();
  });

  test("a session finds nothing of those before it, however they ended", async () => {
    const database = await opened();
    const rowsOf = async (sql: string): Promise<unknown> => {
      await using session = await database.session();
      return await session.rows(sql, DOING);
    };
    expect(await rowsOf("SELECT 1")).toEqual([[1]]);
    {
      await using session = await database.session();
      const name = session.newName("left");
      await session.run(`CREATE TEMP TABLE ${name} AS SELECT 1 AS a`, DOING);
      await expect(rowsOf(`FROM ${name}`)).rejects.toMatchObject({ name: "SluiceError" });
    }
    {
      await using session = await database.session();
      const { chunks } = await session.stream("SELECT range FROM range(1000000)", DOING);
      for await (const _ of chunks) break;
    }
    {
      await using session = await database.session();
      await expect(session.run("SELECT error('no')", DOING)).rejects.toMatchObject({ name: "SluiceError" });
    }
    {
      const session = await database.session();
      const running = session.run("SELECT count(*) FROM range(10000000) a, range(10000000) b", DOING);
      const failure = running.catch((error: unknown) => error);
      await session[Symbol.asyncDispose]();
      expect(await failure).toMatchObject({ code: "run.interrupted" });
    }
    for (let again = 0; again < 6; again += 1) {
      expect(await rowsOf("SELECT count(*)::INTEGER FROM duckdb_tables()")).toEqual([[0]]);
    }
    await database.close();
  });

  test("extensions are neither installed nor loaded by themselves", async () => {
    const database = await opened();
    await using session = await database.session();
    for (const sql of [
      "INSTALL httpfs",
      "LOAD httpfs",
      "FROM read_parquet('s3://bucket/x')",
      "FROM 'https://x/y.csv'",
    ]) {
      await expect(session.run(sql, DOING)).rejects.toMatchObject({ name: "SluiceError" });
    }
    await session[Symbol.asyncDispose]();
    await database.close();
  });

  test("with folders given no other file can be reached, by no path", async () => {
    const inside = join(folder, "lake");
    const outside = join(folder, "lake-of-others");
    for (const [index, place] of [inside, outside].entries()) {
      await mkdir(place);
      await writeFile(join(place, "a.csv"), `a\n${index}\n`);
    }
    await symlink(outside, join(inside, "link"));
    const database = await opened([inside]);
    await using session = await database.session();
    expect(await session.rows(`FROM read_csv('${inside}/a.csv')`, DOING)).toEqual([[0n]]);
    for (const path of [
      `${outside}/a.csv`,
      `${inside}/../lake-of-others/a.csv`,
      `${inside}/link/a.csv`,
      "/etc/passwd",
    ]) {
      await expect(session.run(`FROM read_text('${path}')`, DOING)).rejects.toMatchObject({ name: "SluiceError" });
      await expect(session.run(`COPY (SELECT 1) TO '${path}'`, DOING)).rejects.toMatchObject({ name: "SluiceError" });
    }
    expect(database.reaches(inside)).toBe(true);
    expect(database.reaches(outside)).toBe(false);
    await session[Symbol.asyncDispose]();
    await database.close();
  });

  test("folders are what they are behind their links, there already or not", async () => {
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real"), join(folder, "alias"));
    await symlink(join(folder, "real"), join(folder, "spill"));
    const database = await opened([join(folder, "alias", "lake")]);
    await mkdir(join(folder, "real", "lake"));
    await writeFile(join(folder, "real", "lake", "a.csv"), "a\n1\n");
    await using session = await database.session();
    for (const path of ["real", "alias"].map((name) => join(folder, name, "lake", "a.csv"))) {
      expect(await session.rows(`FROM read_csv('${path}')`, DOING)).toEqual([[1n]]);
    }
    expect(database.reaches(join(folder, "real", "lake"))).toBe(true);
    await session.run(`COPY (SELECT 1) TO '${database.newPath("x")}'`, DOING);
    await session[Symbol.asyncDispose]();
    await database.close();
  });

  test("its spill folder is private and gone afterwards", async () => {
    const database = await opened();
    expect((await stat(database.folder)).mode & 0o777).toBe(0o700);
    await database.close();
    expect(await readdir(join(folder, "spill"))).toEqual([]);
  });

  test("what killed processes left in the spill folder is removed at the next start, and nothing else", async () => {
    const running = await opened();
    // Numbers of processes end far below this one.
    const dead = basename(running.folder).replace(`-${process.pid}-`, "-999999999-");
    for (const name of [dead, "engine-otherhost-999999999-x", "engine-mine", "other"]) {
      await mkdir(join(folder, "spill", name, "files"), { recursive: true });
    }
    const next = await opened();
    const left = await readdir(join(folder, "spill"));
    expect(left.toSorted()).toEqual(
      [
        basename(running.folder),
        basename(next.folder),
        "engine-mine",
        "engine-otherhost-999999999-x",
        "other",
      ].toSorted(),
    );
    await running.close();
    await next.close();
  });

  test("what does not fit into memory spills, and what cannot says so", async () => {
    const database = await opened();
    await using session = await database.session();
    const sorted =
      "SELECT count(*) FROM (SELECT range AS n, md5(range::VARCHAR) AS h FROM range(3000000) ORDER BY h) WHERE n >= 0";
    expect(await session.rows(sorted, DOING)).toEqual([[3_000_000n]]);
    await expect(
      session.run("SELECT list(repeat('x', 1000) || range) FROM range(3000000)", DOING),
    ).rejects.toMatchObject({ code: "engine.out-of-memory" });
    expect(await session.rows("SELECT 1", DOING)).toEqual([[1]]);
    await session[Symbol.asyncDispose]();
    await database.close();
  });
});
