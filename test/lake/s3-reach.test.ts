import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { Database } from "../../src/engine/duckdb/database.ts";
import { FileCache } from "../../src/engine/duckdb/file-cache.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { countingStore, s3Store, type ObjectStore, type S3Connection } from "../../src/storage/index.ts";
import type { FaultProxy } from "../services/fault-proxy.ts";
import { requirePart } from "../services/parts.ts";
import { startMoto, startVersityGw } from "../services/s3-servers.ts";
import { anyFileOf, everyWord, failureOf, makeTable, rowsOf, WAYS, type TableInS3 } from "./s3-files.ts";

const world = realWorld();
const DATA = "f.parquet";
/** As DuckDB calls it. */
const PLATFORM = `${process.platform === "darwin" ? "osx" : process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;

/** An engine whose only root in S3 is `own` in the bucket. */
interface OwnEngine extends AsyncDisposable {
  readonly database: Database;
  /** What it tells of how it reads. */
  readonly lines: readonly string[];
  /** Where it reads the file of a store. */
  pathIn(store: ObjectStore): Promise<string>;
}

async function ownEngine({ server, folder }: TableInS3, httpfs: string = WAYS.httpfs): Promise<OwnEngine> {
  const lines: string[] = [];
  const database = await Database.open({
    memoryBytes: 2 ** 27,
    threads: 1,
    spillFolder: folder,
    folders: [folder],
    s3Roots: [`s3://${server.bucket}/own/`],
    httpfs,
    remoteBytesMin: 1,
    onDebug: (line) => lines.push(line),
    world,
  });
  const cache = new FileCache(database);
  return {
    database,
    lines,
    pathIn: async (store) => {
      const { paths, release } = await cache.use(store, [{ path: DATA, sizeBytes: 10 }]);
      release();
      return paths[0] ?? "";
    },
    [Symbol.asyncDispose]: async () => await database.close(),
  };
}

/** A store with the one file in it. */
async function storeAt({ server, proxy, path }: TableInS3, prefix: string): Promise<ObjectStore> {
  const store = s3Store({ url: `s3://${server.bucket}/${prefix}`, endpoint: proxy.endpoint }, { world });
  await store.create(DATA, await anyFileOf(path, server.endpoint));
  return store;
}

/** Every request for a data file is answered so. */
function answer(status: number, code: string): FaultProxy["onRequest"] {
  return ({ url }) => (url.includes(".parquet") ? { kind: "answer", status, code } : undefined);
}

describe.skipIf(!requirePart("versitygw") || !requirePart("httpfs"))("an engine that reads in S3 by itself", () => {
  let it: TableInS3;
  let own: ObjectStore;
  let others: ObjectStore;
  beforeAll(async () => {
    it = await makeTable(startVersityGw);
    own = await storeAt(it, "own");
    others = await storeAt(it, "others");
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test("are read in place below its roots, and through copies elsewhere", async () => {
    await using engine = await ownEngine(it);
    expect(await engine.pathIn(own)).toBe(`s3://${it.server.bucket}/own/${DATA}`);
    expect(await engine.pathIn(others)).toMatch(/^\//);
    expect(await engine.pathIn(countingStore(own))).toMatch(/^\//);
  });

  test("are read through copies where an option asks for more than httpfs knows, and a line says why", async () => {
    await using engine = await ownEngine(it);
    const url = `s3://${it.server.bucket}/own`;
    const bucketOwner = "123456789012";
    const owned = s3Store({ url, endpoint: it.proxy.endpoint, bucketOwner }, { world });
    await engine.pathIn(owned).catch(() => "");
    expect(engine.lines).toEqual([expect.stringContaining("the bucket's owner is to be asked for")]);
  });

  test("are read through copies where httpfs fails and the store does not", async () => {
    await using engine = await ownEngine(it);
    it.proxy.onRequest = ({ headers }) =>
      headers["user-agent"]?.includes("duckdb") === true
        ? { kind: "answer", status: 400, code: "BadRequest" }
        : undefined;
    try {
      expect(await engine.pathIn(own)).toMatch(/^\//);
      expect(engine.lines).toEqual([expect.stringMatching(/own\/ is read through copies: httpfs fails/)]);
    } finally {
      it.proxy.onRequest = () => undefined;
    }
  });

  test("take the extension that is installed, and do without where none is", async () => {
    const home = process.env["HOME"];
    const installed = join(it.folder, ".duckdb", "extensions", ...WAYS.httpfs.split("/").slice(-2, -1), PLATFORM);
    try {
      process.env["HOME"] = it.folder;
      {
        await using without = await ownEngine(it, "auto");
        expect(without.database.remote).toBeUndefined();
        expect(without.lines).toEqual([expect.stringContaining("httpfs is not loaded")]);
      }
      await mkdir(installed, { recursive: true });
      await symlink(WAYS.httpfs, join(installed, "httpfs.duckdb_extension"));
      await using engine = await ownEngine(it, "auto");
      expect(await engine.pathIn(own)).toMatch(/^s3:/);
    } finally {
      process.env["HOME"] = home;
    }
  });

  test("need no extension that is turned off, and a file that is none is a mistake", async () => {
    const nowhere = join(it.folder, "none.duckdb_extension");
    await expect(ownEngine(it, nowhere)).rejects.toMatchObject({ code: "config.invalid" });
    await using engine = await ownEngine(it, "off");
    expect(engine.database.remote).toBeUndefined();
    expect(engine.lines).toEqual([expect.stringContaining("it is turned off")]);
  });

  test("are all that its wall lets through, whatever a statement says", async () => {
    await using engine = await ownEngine(it);
    const url = await engine.pathIn(own);
    await using session = await engine.database.session();
    const count = async (of: string): Promise<unknown> =>
      await session.rows(`SELECT count(*) FROM read_parquet('${of}')`, { what: "count" });
    expect(await count(url)).toHaveLength(1);
    it.proxy.reset();
    for (const outside of [
      `s3://${it.server.bucket}/others/${DATA}`,
      `s3://${it.server.bucket}/ownother/${DATA}`,
      `s3a://${it.server.bucket}/own/${DATA}`,
      `${it.proxy.endpoint}/${it.server.bucket}/own/${DATA}`,
      "https://example.com/a.parquet",
      "/etc/passwd",
    ]) {
      await expect(count(outside)).rejects.toThrow(/disabled by configuration/);
    }
    expect(it.proxy.requests).toEqual([]);
    // A question mark is a part of the name, not a way to another host.
    await expect(count(`${url}?s3_endpoint=example.com`)).rejects.toMatchObject({ code: "storage.unavailable" });
    for (const unlocked of ["SET s3_endpoint = 'x'", "INSTALL httpfs", "SET GLOBAL enable_external_access = true"]) {
      await expect(session.run(unlocked, { what: "unlock" })).rejects.toThrow(
        /locked|disabled by configuration|Cannot/,
      );
    }
  });

  test("are converted by their footers, which are the same both ways", async () => {
    const bytes = await anyFileOf(it.path, it.server.endpoint);
    const found: unknown[] = [];
    for (const [way, httpfs] of Object.entries(WAYS)) {
      const url = `s3://${it.server.bucket}/converted/${way}`;
      const store = s3Store({ url, endpoint: it.server.endpoint }, { world });
      for (const name of ["part=a/x y.parquet", "part=b c/%20,=.parquet"]) await store.create(name, bytes);
      const s3 = { endpoint: it.proxy.endpoint };
      it.proxy.reset();
      await using table = await DeltaTable.convert(url, { s3, httpfs, spillFolder: it.folder });
      if (way === "httpfs") expect(it.proxy.bytes).toBeLessThan(bytes.length / 4);
      const files = [...table.snapshot.files.values()].map(({ path, stats, partitionValues }) => ({
        path,
        stats,
        partitionValues,
      }));
      found.push([
        files,
        await rowsOf(table, "SELECT part, count(*), sum(id), max(note) FROM t GROUP BY part ORDER BY 1"),
      ]);
    }
    expect(found[0]).toEqual(found[1]);
  });

  test("take in finished files of this machine, wherever they lie", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "sluice-elsewhere-"));
    try {
      const file = join(elsewhere, "rows.parquet");
      await writeFile(file, await anyFileOf(it.path, it.server.endpoint));
      await using table = await DeltaTable.create(`s3://${it.server.bucket}/taken`, {
        schema: { id: "long", note: "string" },
        s3: { endpoint: it.server.endpoint },
        spillFolder: it.folder,
        httpfs: WAYS.httpfs,
      });
      await table.append({ parquet: [file] });
      expect(await rowsOf(table, "SELECT count(*) > 0 AS some FROM t")).toEqual([{ some: true }]);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test("that fail do so with the same code both ways, and without a word of the credentials", async () => {
    const faults = {
      "table.corrupt": answer(404, "NoSuchKey"),
      "storage.denied": answer(403, "AccessDenied"),
      "storage.archived": answer(403, "InvalidObjectState"),
    };
    for (const [code, fault] of Object.entries(faults)) {
      for (const [way, httpfs] of Object.entries(WAYS)) {
        await using table = await it.open(httpfs);
        // Files that are read without copies are found at the first question, and the other column is asked for after it.
        if (way === "httpfs") await rowsOf(table, "SELECT sum(id) FROM t");
        it.proxy.onRequest = fault;
        try {
          const failure = await failureOf(rowsOf(table, "SELECT sum(length(note)) FROM t"));
          expect([way, failure.code]).toEqual([way, code]);
          expect(everyWord(failure)).not.toMatch(/sluicetest|Signature|AWSAccessKey/i);
        } finally {
          it.proxy.onRequest = () => undefined;
        }
      }
    }
  });

  test("are not in reach of a user's SQL, by whatever name it calls them", async () => {
    const outside = `s3://${it.server.bucket}/others/f.parquet`;
    await using table = await it.open(WAYS.httpfs);
    await rowsOf(table, "SELECT count(note) FROM t");
    it.proxy.reset();
    for (const sql of [
      `SELECT * FROM read_parquet('${outside}')`,
      `SELECT * FROM '${outside}'`,
      `SELECT * FROM parquet_metadata('${outside}')`,
      `SELECT * FROM read_csv('${it.proxy.endpoint}/x.csv')`,
      `SELECT * FROM read_text('http://169.254.169.254/latest/meta-data/')`,
      `SELECT * FROM glob('s3://${it.server.bucket}/*')`,
      `SELECT * FROM t WHERE id IN (SELECT id FROM '${outside}')`,
      "SELECT * FROM duckdb_secrets()",
      `SELECT * FROM which_secret('${outside}', 's3')`,
      "SELECT current_setting('s3_secret_access_key')",
      "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')",
      "SELECT 1; LOAD httpfs",
    ]) {
      expect([sql, (await failureOf(rowsOf(table, sql))).code]).toEqual([sql, "query.invalid"]);
    }
    const where = `id IN (SELECT id FROM read_parquet('${outside}'))`;
    await expect(table.toArray({ where })).rejects.toMatchObject({ code: "query.invalid" });
    expect(it.proxy.requests.filter(({ url }) => url.includes("others"))).toEqual([]);
  });
});

// The other store has no session tokens.
describe.skipIf(!requirePart("moto") || !requirePart("httpfs"))("the credentials of an engine that reads in S3", () => {
  let it: TableInS3;
  beforeAll(async () => {
    it = await makeTable(startMoto);
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test("are asked for with credentials that are renewed, and not at all with some that end soon", async () => {
    const own = await storeAt(it, "own");
    await using engine = await ownEngine(it);
    const real = await own.s3?.connection.grant();
    if (real?.kind !== "granted") throw new Error("There are credentials");
    let given: typeof real = { ...real, sessionToken: "first" };
    const connection: S3Connection = {
      root: `s3://${it.server.bucket}/own/`,
      grant: async () => await Promise.resolve(given),
    };
    const renewing: ObjectStore = {
      ...countingStore(own),
      s3: { bucket: it.server.bucket, prefix: "own", connection },
    };
    const tokens = async (column: string): Promise<(string | undefined)[]> => {
      it.proxy.reset();
      const url = await engine.pathIn(renewing);
      await using session = await engine.database.session();
      await session.rows(`SELECT max(${column}) FROM read_parquet('${url}')`, { what: "look" });
      const fromDuckdb = it.proxy.requests.filter(({ headers }) => headers["user-agent"]?.includes("duckdb"));
      return [...new Set(fromDuckdb.map(({ headers }) => headers["x-amz-security-token"]))];
    };
    expect(await tokens("id")).toEqual(["first"]);
    given = { ...given, sessionToken: "second" };
    expect(await tokens("note")).toEqual(["second"]);
    given = { ...given, sessionToken: "third", expiresMs: world.nowMs() + 60_000 };
    expect(await tokens("id")).toEqual([]);
    expect(engine.lines.at(-1)).toContain("credentials end soon");
  });
});
