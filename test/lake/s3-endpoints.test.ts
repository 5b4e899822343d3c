import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { simulatedWorld } from "../../src/base/index.ts";
import { openLog } from "../../src/delta/index.ts";
import { duckdbEngine, type Engine, type Row } from "../../src/engine/index.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { s3Root, s3Store } from "../../src/storage/index.ts";
import { httpfsFile, requirePart } from "../services/parts.ts";
import { startMoto, startVersityGw, type S3Server } from "../services/s3-servers.ts";

const URL = "s3://lake/same";

describe.skipIf(!requirePart("versitygw") || !requirePart("moto") || !requirePart("httpfs"))(
  "two endpoints that have a table at one URL",
  () => {
    let servers: S3Server[] = [];
    let folder = "";
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "sluice-s3-endpoints-"));
      servers = await Promise.all([startVersityGw(), startMoto()]);
      for (const [index, { endpoint }] of servers.entries()) {
        // The same chance: files and vectors of both have the same names, and other contents.
        const options = { world: simulatedWorld(11), s3: { endpoint }, spillFolder: folder };
        await using table = await DeltaTable.create(URL, { schema: { id: "long", note: "string" }, ...options });
        const note = `md5(concat(${index}, range)) || md5(concat(range, ${index}))`;
        await table.append({ sql: `SELECT range AS id, ${note} AS note FROM range(40000)`, inputs: {} });
        await table.delete(`id % 4 = ${index}`);
      }
    });
    afterAll(async () => {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      await rm(folder, { recursive: true, force: true });
    });

    test.each([
      ["through copies", "off"],
      ["by httpfs, as far as a URL means one store", httpfsFile()],
    ])("are two tables to one engine that reads %s", async (_way, httpfs) => {
      const world = simulatedWorld(12);
      const lines: string[] = [];
      await using engine = await duckdbEngine({
        memoryBytes: 2 ** 28,
        threads: 1,
        spillFolder: folder,
        folders: [folder],
        s3Roots: [s3Root(URL)],
        httpfs,
        onDebug: (line) => lines.push(line),
        world,
      });
      const together: (readonly Row[])[] = [];
      for (const { endpoint } of servers) together.push(await summaryOf(engine, endpoint));
      const alone: (readonly Row[])[] = [];
      for (const { endpoint } of servers) {
        await using table = await DeltaTable.open(URL, { s3: { endpoint }, spillFolder: folder, httpfs: "off" });
        const rows: Row[] = [];
        for await (const batch of table.query(SUMMARY)) rows.push(...batch);
        alone.push(rows);
      }
      expect(together).toEqual(alone);
      expect(alone[0]).not.toEqual(alone[1]);
      if (httpfs !== "off") expect(lines.at(-1)).toContain("there is another store of this URL");
    });
  },
);

const SUMMARY = "SELECT count(*) AS rows, sum(id) AS ids, min(note) AS first, max(note) AS last FROM t";

async function summaryOf(engine: Engine, endpoint: string): Promise<readonly Row[]> {
  const world = simulatedWorld(13);
  const store = s3Store({ url: URL, endpoint }, { world });
  const log = openLog(store, { world, checkpoints: engine.checkpoints });
  const table = { name: URL, store, log, snapshot: await log.latest() };
  return await engine.rows({ sql: SUMMARY, inputs: { t: { kind: "table", table } } });
}
