import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { arrayOf, decimal, field, struct } from "../../../src/contract/index.ts";
import type { Row } from "../../../src/engine/index.ts";
import { STORE_KINDS, lakeUnderTest, rowsOf, sql, type MakeEngine } from "./lake-under-test.ts";

const SCHEMA = struct([field("id", "long"), field("name", "string")]);

export function reading(make: MakeEngine): void {
  describe("reading", () => {
    test("a large result arrives in batches, in the order that the query asks for", async () => {
      await using lake = await lakeUnderTest(make);
      const batches: number[] = [];
      let last = 1_000_000n;
      for await (const rows of lake.engine.query(sql("select range as n from range(1000000) order by n desc"))) {
        batches.push(rows.length);
        for (const { n } of rows) {
          if (n !== last - 1n) throw new Error(`row ${String(n)} after ${last}`);
          last = n;
        }
      }
      expect(last).toBe(0n);
      expect(Math.max(...batches)).toBeLessThan(100_000);
    });

    test("a query that is abandoned or interrupted ends at once", async () => {
      await using lake = await lakeUnderTest(make);
      for await (const _ of lake.engine.query(sql("select * from range(100000000)"))) break;
      const abort = new AbortController();
      const endless = lake.engine.query(sql("select count(*) from range(10000000) a, range(10000000) b"), {
        signal: abort.signal,
      });
      const startedMs = performance.now();
      setTimeout(() => abort.abort(), 100);
      await expect(endless[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "run.interrupted" });
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      expect(await lake.engine.rows(sql("select 1 as one"))).toEqual([{ one: 1 }]);
    });

    test("many calls at once, and calls inside of a query, do not wait for each other for ever", async () => {
      await using lake = await lakeUnderTest(make);
      const outer = Array.from({ length: 6 }, async () => {
        let sum = 0n;
        for await (const rows of lake.engine.query(sql("select range as n from range(10000)"))) {
          const [inner] = await lake.engine.rows(sql(`select ${rows.length}::bigint as n`));
          sum += inner?.["n"] as bigint;
        }
        return sum;
      });
      expect(await Promise.all(outer)).toEqual(Array.from({ length: 6 }, () => 10_000n));
    });

    test("inputs are seen under their names, whatever those are, and nested relations see their own", async () => {
      await using lake = await lakeUnderTest(make);
      const rows = rowsOf(SCHEMA, [{ id: 1n, name: "x" }]);
      const inner = {
        sql: 'select id * 10 as id from "t"',
        inputs: { t: { kind: "relation" as const, relation: rows } },
      };
      const name = "silver.\"o;r--d'ers";
      const answer = await lake.engine.rows({
        sql: `with t as (select * from "${name.replaceAll('"', '""')}") select t.id, u.id as other from t, u -- end`,
        inputs: { [name]: { kind: "relation", relation: inner }, u: { kind: "relation", relation: rows } },
      });
      expect(answer).toEqual([{ id: 10n, other: 1n }]);
    });

    test("an input that the query does not read may be unreadable, and its columns are known without its files", async () => {
      await using lake = await lakeUnderTest(make);
      const under = lake.table(lake.store("local"));
      await under.create({ schema: SCHEMA }, [{ id: 1n, name: "x" }]);
      await under.store.remove(await under.files());
      const gone = { kind: "table" as const, table: await under.open() };
      const there = { kind: "relation" as const, relation: rowsOf(SCHEMA, [{ id: 2n, name: "y" }]) };
      expect(await lake.engine.rows({ sql: "select id from there", inputs: { gone, there } })).toEqual([{ id: 2n }]);
      const columns = { sql: "select id + 1 as n, name from gone", inputs: { gone } };
      const { fields } = await lake.engine.schemaOf(columns);
      expect(fields.map(({ name, type }) => [name, type])).toEqual([
        ["n", "long"],
        ["name", "string"],
      ]);
      await expect(lake.engine.rows(columns)).rejects.toMatchObject({ name: "SluiceError" });
    });

    test("files outside of an input's ranges are not read, and all that may have such rows are", async () => {
      await using lake = await lakeUnderTest(make);
      const under = lake.table(lake.store("local"));
      await under.create({ schema: SCHEMA }, [{ id: 1n, name: "a" }]);
      const first = await under.files();
      await under.append(SCHEMA, [{ id: 5n, name: "b" }]);
      await under.append(SCHEMA, [{ id: 9n, name: "c" }]);
      await under.store.remove(first);
      const table = await under.open();
      const within = async (min: bigint, max: bigint) =>
        await lake.engine.rows({
          sql: "select id from t order by id",
          inputs: { t: { kind: "table", table, ranges: [{ path: ["id"], type: "long", min, max }] } },
        });
      expect(await within(5n, 9n)).toEqual([{ id: 5n }, { id: 9n }]);
      expect(await within(6n, 8n)).toEqual([]);
      await expect(within(1n, 9n)).rejects.toMatchObject({ name: "SluiceError" });
    });

    test("a query says where it is wrong, in its own lines", async () => {
      await using lake = await lakeUnderTest(make);
      const t = { t: { kind: "relation" as const, relation: rowsOf(SCHEMA, []) } };
      await expect(lake.engine.rows({ sql: "select id\nfrm t", inputs: t })).rejects.toMatchObject({
        code: "query.invalid",
      });
      const misspelt = { sql: "select id,\n  nope\nfrom t", inputs: t };
      for (const verb of ["rows", "schemaOf", "scratch"] as const) {
        await expect(lake.engine[verb](misspelt)).rejects.toMatchObject({
          code: "query.invalid",
          message: expect.stringMatching(/nope(.|\n)*LINE 2: {3}nope/),
        });
      }
      await expect(lake.engine.rows({ sql: "select * from other", inputs: t })).rejects.toMatchObject({
        code: "query.invalid",
        message: expect.stringMatching(/no table other(.|\n)*LINE 1/),
      });
    });

    test("scratch rows are read as often as one likes, with all their types, and are gone when disposed", async () => {
      await using lake = await lakeUnderTest(make);
      const text =
        "select range as n, sum(range) over () as total, {a: [range::decimal(10,2)]} as s, null as nothing from range(3) order by n";
      const scratch = await lake.engine.scratch(sql(text));
      expect(scratch).toMatchObject({
        rows: 3,
        schema: struct([
          field("n", "long"),
          field("total", "long"),
          field("s", struct([field("a", arrayOf(decimal(10, 2)))])),
          field("nothing", "integer"),
        ]),
      });
      const again = {
        sql: "select n, s.a[1] as a from x order by n",
        inputs: { x: { kind: "scratch" as const, scratch } },
      };
      const expected = [0, 1, 2].map((n) => ({ n: BigInt(n), a: `${n}.00` }));
      expect(await lake.engine.rows(again)).toEqual(expected);
      expect(await lake.engine.rows(again)).toEqual(expected);
      await scratch[Symbol.asyncDispose]();
      await expect(lake.engine.rows(again)).rejects.toMatchObject({ code: "internal.bug" });
    });

    test("JSON lines are read by the types that are given, from plain and packed files", async () => {
      await using lake = await lakeUnderTest(make);
      const plain = join(lake.folder, "a [1]*.ndjson");
      const packed = join(lake.folder, "b.json.gz");
      await writeFile(plain, '{"id":"1","more":{"x":[1,2]},"ignored":true}\n{"id":null}\n');
      await writeFile(packed, gzipSync('{"id":"12345678901234567890","more":{"x":[]}}\n'));
      const columns = struct([field("id", "string"), field("more", struct([field("x", arrayOf("long"))]))]);
      const rows = await lake.engine.rows({
        sql: "select * from lines order by file, id nulls first",
        inputs: { lines: { kind: "ndjson", files: [plain, packed], columns, fileNameColumn: "file" } },
      });
      expect(rows).toEqual([
        { id: null, more: null, file: plain },
        { id: "1", more: { x: [1n, 2n] }, file: plain },
        { id: "12345678901234567890", more: { x: [] }, file: packed },
      ]);
    });

    test.for(["parquet", "csv", "ndjson"] as const)(
      "an export to %s holds the rows and replaces what was there",
      async (format) => {
        await using lake = await lakeUnderTest(make);
        const file = join(lake.folder, `out.${format}`);
        await writeFile(file, "old");
        const relation = sql("select range as n, 'a,\"b' as text, sum(1) over () as total from range(3) order by n");
        expect(await lake.engine.export(relation, file, format)).toEqual({ rows: 3 });
        const read = {
          parquet: async () =>
            await lake.engine.rows({
              sql: "select * from p order by n",
              inputs: { p: { kind: "parquet", files: [file] } },
            }),
          csv: async () => (await readFile(file, "utf8")).trimEnd().split("\n"),
          ndjson: async () =>
            (await readFile(file, "utf8"))
              .trimEnd()
              .split("\n")
              .map((line) => JSON.parse(line)),
        };
        const expected: Record<typeof format, readonly unknown[]> = {
          parquet: [0, 1, 2].map((n) => ({ n: BigInt(n), text: 'a,"b', total: 3n })),
          csv: ["n,text,total", ...[0, 1, 2].map((n) => `${n},"a,""b",3`)],
          ndjson: [0, 1, 2].map((n) => ({ n, text: 'a,"b', total: 3 })),
        };
        expect(await read[format]()).toEqual(expected[format]);
        await expect(lake.engine.export(sql("select nope"), file, format)).rejects.toMatchObject({
          code: "query.invalid",
        });
        expect(await read[format]()).toEqual(expected[format]);
      },
    );

    test("some of a table's files are read through their deletion vectors, with the place of each row", async () => {
      await using lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      const properties = { "delta.enableDeletionVectors": "true" };
      await table.create({ schema: SCHEMA, properties }, rowsNamed(0, 5));
      await table.append(SCHEMA, rowsNamed(5, 10));
      await lake.engine.delete(await table.open(), "id in (1, 6)");
      const open = await table.open();
      const files = [...(open.snapshot?.files.values() ?? [])].filter((file) => file.stats?.includes('"max') !== false);
      for (const file of files) {
        const rows = await lake.engine.rows({
          sql: "select id, __file, __row from t order by id",
          inputs: { t: { kind: "files", table: open, files: [file], positions: true } },
        });
        const first = (rows[0]?.["id"] as bigint) - (rows[0]?.["__row"] as bigint);
        expect(rows.map((row) => row["__row"])).toEqual([0n, 2n, 3n, 4n]);
        expect(rows.every((row) => row["__file"] === file.path && row["id"] === first + (row["__row"] as bigint))).toBe(
          true,
        );
      }
      expect(files).toHaveLength(2);
    });

    test.for(STORE_KINDS)(
      "a data file that is missing, cut off or garbled fails the query and is named (%s)",
      async (kind) => {
        await using lake = await lakeUnderTest(make);
        const table = lake.table(lake.store(kind));
        await table.create({ schema: SCHEMA }, rowsNamed(0, 2000));
        await table.append(SCHEMA, rowsNamed(2000, 4000));
        const [path = ""] = await table.files();
        const whole = await table.store.read(path);
        // Its footer is whole, its pages are not. (Bits that flip inside of a page are for a checksum to find.)
        const garbled = whole.map((byte, index) => (index >= 4 && index < whole.length - 2000 ? 0xff : byte));
        const damages = [
          undefined,
          whole.subarray(0, whole.length - 10),
          new Uint8Array(whole.length),
          garbled,
          new Uint8Array(0),
        ];
        for (const body of damages) {
          await table.store.remove([path]);
          if (body !== undefined) await table.store.create(path, body);
          await using other = await lakeUnderTest(make);
          const again = other.table(table.store, "silver.orders");
          const failure: unknown = await again
            .rows("select count(distinct name), sum(id) from t")
            .catch((error: unknown) => error);
          expect(failure).toMatchObject({ code: "table.corrupt", message: expect.stringContaining("silver.orders") });
        }
        await table.store.remove([path]);
        await table.store.create(path, whole);
        expect(await table.rows("select count(distinct name) as n from t")).toEqual([{ n: 4000n }]);
      },
    );

    test("the spill folder is as it was when the engine is gone", async () => {
      const lake = await lakeUnderTest(make);
      const table = lake.table(lake.store("memory"));
      await table.create({ schema: SCHEMA }, rowsNamed(0, 10));
      await table.rows();
      await lake.engine.scratch(sql("select 1 as one"));
      const open = lake.engine.query(sql("select * from range(1000000)"))[Symbol.asyncIterator]();
      await open.next();
      await lake.engine[Symbol.asyncDispose]();
      const left = await readdir(join(lake.folder, "spill"));
      expect(left).toEqual([]);
      await rm(lake.folder, { recursive: true });
    });
  });
}

function rowsNamed(start: number, end: number): readonly Row[] {
  return Array.from({ length: end - start }, (_, index) => ({ id: BigInt(start + index), name: `n${start + index}` }));
}
