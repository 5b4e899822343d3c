import { randomUUID } from "node:crypto";
import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import { runCli } from "../../src/cli/cli.ts";
import { loadConfig } from "../../src/cli/load-config.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { inspectTable, openLake, openPath, type Lake } from "../../src/lake/index.ts";
import { s3Store } from "../../src/storage/index.ts";
import type { RunReport } from "../../src/orchestration/index.ts";
import { deliver, makeShop, writeShopConfig } from "../faults/shop.ts";
import { recordedIo } from "../cli/recorded-io.ts";
import { startDeltaRs } from "../services/judges.ts";
import { requirePart } from "../services/parts.ts";
import { startMoto, startVersityGw, type S3Server } from "../services/s3-servers.ts";

const SERVERS = { versitygw: startVersityGw, moto: startMoto } as const;
const TABLES = ["bronze.customers", "bronze.orders", "silver.customers", "silver.orders", "gold.revenue"];

for (const name of ["versitygw", "moto"] as const) {
  describe.skipIf(!requirePart(name))(`a lake on ${name}`, () => {
    let server: S3Server;
    let folder = "";
    let prefix = "";
    beforeAll(async () => {
      server = await SERVERS[name]();
      process.env["AWS_ENDPOINT_URL"] = server.endpoint;
      process.env["AWS_ALLOW_HTTP"] = "true";
      folder = await mkdtemp(join(tmpdir(), "sluice-s3-lake-"));
      prefix = `shops/day=1/${randomUUID()}`;
    });
    afterAll(async () => {
      delete process.env["AWS_ENDPOINT_URL"];
      delete process.env["AWS_ALLOW_HTTP"];
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const place = (path: string): string => `s3://${server.bucket}/${prefix}/${path}`;

    /** The shop's configuration with another storage and other exports. */
    const configured = async (at: "here" | "s3"): Promise<Lake> => {
      const own = join(folder, at);
      await mkdir(own, { recursive: true });
      writeShopConfig(own);
      const file = join(own, "sluice.config.mjs");
      let text = await readFile(file, "utf8");
      if (at === "s3") {
        const storage = { url: place("lake"), endpoint: server.endpoint, tags: { stage: "test" } };
        text = text.replaceAll('"./exports/', `"${place("exports")}/`).replace('"./lake"', JSON.stringify(storage));
      } else text = text.replaceAll('"./exports/', '"../exports/');
      await writeFile(file, text);
      return openLake((await loadConfig(own, { env: {} })).definition);
    };

    test("is what the same lake is on this machine, run by run, and delta-rs reads it there", async () => {
      const shop = makeShop(7, { orders: 120, customers: 20, windows: 3, changes: 25 });
      const exports = join(folder, "exports");
      for (const some of [shop.slice(0, 4), shop.slice(4)]) {
        for (const one of some) deliver(exports, one);
        await upload(exports, place("exports"));
        await using here = await configured("here");
        await using there = await configured("s3");
        const [ours, theirs] = [await here.run(), await there.run()];
        expect(outcomesOf(theirs)).toEqual(outcomesOf(ours));
        expect(outcomesOf(ours)).not.toContainEqual(expect.stringContaining("failed"));
        for (const table of TABLES)
          expect([table, await rowsOf(there, table)]).toEqual([table, await rowsOf(here, table)]);
      }
      // Everything is in the store: a process that has seen nothing goes on from it, and finds nothing to do.
      await using again = await configured("s3");
      await again.run();
      await using here = await configured("here");
      expect(await rowsOf(again, "silver.orders")).toEqual(await rowsOf(here, "silver.orders"));
      expect(await readdir(join(folder, "s3"))).not.toContain("lake");

      if (!requirePart("delta-1.6.6")) return;
      await using judge = await startDeltaRs("1.6.6");
      const wanted = {
        "silver/orders": ["order_id", "amount", "city"],
        "gold/revenue": ["segment", "orders", "revenue"],
      };
      for (const [table, columns] of Object.entries(wanted)) {
        const local = await judge.rows(join(folder, "here", "lake", table), { columns });
        const remote = await judge.rows(place(`lake/${table}`), { columns });
        expect({ ...remote, version: 0 }).toEqual({ ...local, version: 0 });
      }
    });

    test("its tables are read and inspected by their place alone", async () => {
      await using table = await openPath(place("lake/silver/orders"), realWorld());
      const inspection = await inspectTable(table.log);
      expect(inspection).toBeDefined();
      await using nothing = await openPath(place("lake/silver/nothing"), realWorld());
      expect(await nothing.log.latest()).toBeUndefined();
    });

    test("the command line needs no configuration for a place in S3", async () => {
      const person = recordedIo({ world: realWorld() });
      expect(await runCli(["read", place("lake/silver/orders"), "--json"], person.io)).toBe(0);
      expect(person.stdout()).toContain("order_id");
      const lost = recordedIo({ world: realWorld() });
      expect(await runCli(["read", place("lake/silver/nothing")], lost.io)).toBe(9);
      expect(lost.stderr()).toContain("there is no Delta table");
    });

    test("a table of its own is created, written, merged and read, and delta-rs appends to it", async () => {
      const path = place("tables/prices");
      const s3 = { endpoint: server.endpoint, pathStyle: true };
      await using table = await DeltaTable.create(path, { schema: { id: "string", price: "decimal(18,2)" }, s3 });
      expect(table.path).toBe(path.replace("day=1", "day%3D1"));
      await table.append([
        { id: "a", price: "1.00" },
        { id: "b", price: "2.00" },
      ]);
      await table.merge([{ id: "b", price: "2.50" }], { keys: ["id"] });
      await using other = await DeltaTable.open(path, { s3 });
      expect(other.version).toBe(2);
      expect(await ids(other)).toEqual(["a", "b"]);
      if (requirePart("delta-1.6.6")) {
        await using judge = await startDeltaRs("1.6.6");
        expect(await judge.append(path, [{ id: "c", price: "3.00" }])).toEqual({ version: 3 });
        await table.append([{ id: "d", price: "4.00" }]);
        expect(table.version).toBe(4);
        expect(await ids(table)).toEqual(["a", "b", "c", "d"]);
        expect((await judge.rows(path)).count).toBe(4);
      }
      await expect(DeltaTable.create(path, { schema: { id: "string" }, s3 })).rejects.toMatchObject({
        code: "table.exists",
      });
      await expect(DeltaTable.open(place("tables/none"), { s3 })).rejects.toMatchObject({ code: "table.missing" });
    });

    async function upload(from: string, to: string): Promise<void> {
      const store = s3Store({ url: to, endpoint: server.endpoint }, { world: realWorld() });
      const entries = await readdir(from, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((one) => one.isFile())) {
        const file = join(entry.parentPath, entry.name);
        await store.replace(relative(from, file), await readFile(file));
      }
    }
  });
}

function outcomesOf(report: RunReport): string[] {
  return report.tables.map(({ table, outcome }) => `${table} ${outcome}`);
}

async function rowsOf(lake: Lake, table: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of lake.query(
    `select columns('^[^_].*|_key|_event_id|_sequence|_is_deleted') from ${table}`,
  )) {
    for (const row of batch)
      lines.push(JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)));
  }
  return lines.toSorted();
}

async function ids(table: DeltaTable): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of table.read()) found.push(...batch.map((row) => String(row["id"])));
  return found.toSorted();
}
