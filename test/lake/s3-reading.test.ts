import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { s3Store } from "../../src/storage/index.ts";
import type { FaultProxy } from "../services/fault-proxy.ts";
import { requirePart } from "../services/parts.ts";
import { startMoto, startVersityGw } from "../services/s3-servers.ts";
import { makeTable, rowsOf, WAYS, type TableInS3 } from "./s3-files.ts";

const SERVERS = { versitygw: startVersityGw, moto: startMoto } as const;

for (const name of ["versitygw", "moto"] as const) {
  describe.skipIf(!requirePart(name) || !requirePart("httpfs"))(`files on ${name}`, () => {
    let it: TableInS3;
    beforeAll(async () => {
      it = await makeTable(SERVERS[name]);
    });
    afterAll(() => it[Symbol.asyncDispose]());

    /** What a question costs and gives. */
    const asked = async (httpfs: string, sql: string): Promise<{ rows: unknown[]; bytes: number; ranges: number }> => {
      await using table = await it.open(httpfs);
      it.proxy.reset();
      const rows = await rowsOf(table, sql);
      return { rows, bytes: it.proxy.bytes, ranges: rangesIn(it.proxy) };
    };

    test("give the same rows both ways", async () => {
      for (const sql of [
        "SELECT count(*), sum(id), count(DISTINCT part) FROM t",
        "SELECT part, count(*), min(note), max(note) FROM t GROUP BY part ORDER BY part",
        "SELECT id, part, note FROM t WHERE id BETWEEN 1000 AND 1010 ORDER BY id",
      ]) {
        const [direct, copied] = [await asked(WAYS.httpfs, sql), await asked(WAYS.copies, sql)];
        expect(direct.rows).toEqual(copied.rows);
        expect(direct.rows.length).toBeGreaterThan(0);
      }
    });

    test("give a column of theirs for a part of their bytes, and copies for all of them", async () => {
      const sql = "SELECT sum(id) FROM t";
      const direct = await asked(WAYS.httpfs, sql);
      const copied = await asked(WAYS.copies, sql);
      expect(direct.rows).toEqual(copied.rows);
      expect(direct.ranges).toBeGreaterThan(0);
      expect(copied.bytes).toBeGreaterThan(2 * 2 ** 20);
      expect(direct.bytes * 4).toBeLessThan(copied.bytes);
    });

    test.runIf(name === "versitygw")(
      "stay where they are when the table is cloned, and are read from there, both ways",
      async () => {
        for (const [way, httpfs] of Object.entries(WAYS)) {
          const sql = "SELECT count(*), sum(id), count(DISTINCT part) FROM t";
          await using table = await it.open(httpfs);
          const target = `s3://${it.server.bucket}/clones/${way} of it`;
          await using clone = await table.clone(target);
          expect(await rowsOf(clone, sql)).toEqual(await rowsOf(table, sql));
          await clone.delete("id < 100");
          const left = await rowsOf(clone, "SELECT count(*) FROM t WHERE id < 100");
          expect(Object.values(left[0] as object)).toEqual([0n]);
          const options = { s3: { endpoint: it.proxy.endpoint }, httpfs, spillFolder: it.folder };
          await using opened = await DeltaTable.open(target, { ...options, allowFilesFrom: [it.path] });
          expect(await rowsOf(opened, sql)).toEqual(await rowsOf(clone, sql));
          await expect(DeltaTable.open(target, options)).rejects.toMatchObject({ code: "table.unsupported" });
          expect((await clone.vacuum({ retentionMs: 0, allowShortRetention: true })).removed).toEqual([]);
          expect(await rowsOf(opened, sql)).toEqual(await rowsOf(clone, sql));
        }
      },
    );

    test("are written, merged, compacted and read by the same table, both ways", async () => {
      const outcomes = await Promise.all(
        Object.entries(WAYS).map(async ([way, httpfs]) => {
          const own = `${it.path}-${way}`;
          await using table = await DeltaTable.create(own, {
            schema: { id: "long", note: "string" },
            s3: { endpoint: it.server.endpoint },
            httpfs,
          });
          for (const first of [0, 30_000]) {
            const sql = `SELECT range AS id, md5(concat(range)) || md5(concat('x', range)) AS note
              FROM range(${first}, ${first + 30_000})`;
            await table.append({ sql, inputs: {} });
          }
          await table.update({ set: { note: "'changed'" }, where: "id % 100 = 3" });
          await table.merge([{ id: 5n, note: "merged" }], { keys: ["id"] });
          await table.delete("id = 9");
          await table.optimize();
          return await rowsOf(table, "SELECT count(*), sum(hash(id, note)), max(note) FROM t");
        }),
      );
      expect(outcomes[0]).toEqual(outcomes[1]);
    });

    test("are the table's where its log calls them by Hadoop's absolute names", async () => {
      const own = `${it.path}/absolute`;
      const s3 = { endpoint: it.server.endpoint };
      {
        await using table = await DeltaTable.create(own, { schema: { id: "long" }, s3 });
        await table.append([{ id: 1n }, { id: 2n }]);
      }
      const store = s3Store({ url: own, ...s3 }, { world: realWorld() });
      const commit = "_delta_log/00000000000000000001.json";
      const text = new TextDecoder().decode(await store.read(commit));
      const root = encodeURI(own).replace("s3://", "s3a://");
      const absolute = text.replace(/"path":"([^"]+\.parquet)"/, `"path":"${root}/$1"`);
      expect(absolute).not.toBe(text);
      await store.replace(commit, new TextEncoder().encode(absolute));
      await using table = await DeltaTable.open(own, { s3, spillFolder: it.folder });
      expect(await rowsOf(table, "SELECT sum(id) AS ids FROM t")).toEqual([{ ids: 3n }]);
      await table.delete("id = 1");
      await table.optimize();
      expect(await rowsOf(table, "SELECT id FROM t")).toEqual([{ id: 2n }]);
      expect((await table.vacuum({ dryRun: true })).removed).toEqual([]);
    });
  });
}

function rangesIn({ requests }: FaultProxy): number {
  return requests.filter(({ headers, url }) => headers["range"] !== undefined && url.includes(".parquet")).length;
}
