import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentHash, isOwnWrite, type AttributeMap } from "../../src/contract/index.ts";
import { sluice } from "../cli/sluice-process.ts";
import { ORDERS, makeTeaShop, writeNextWindow } from "../cli/tea-shop.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { createTable, itemsOf, publishedLake, shownItems } from "./published-lake.ts";

/** Run before the product: says on stderr at the end whether the SDK was loaded. */
const SPY = `process.on("exit", () => {
  const loaded = Object.keys(require.cache).some((path) => path.includes("client-dynamodb"));
  process.stderr.write(loaded ? "\\nSDK LOADED\\n" : "\\nSDK NOT LOADED\\n");
});`;

const NIGHTLY = process.env["SLUICE_NIGHTLY"] === "true";

const row = fc.record({
  text: fc.option(fc.constantFrom("x", "y", "")),
  count: fc.option(fc.integer({ min: 0, max: 3 })),
});
const versions = fc.array(
  fc.record({ rows: fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), row), isPublished: fc.boolean() }),
  { minLength: 1, maxLength: 5 },
);

describe.skipIf(!requirePart("dynamodb-local"))("a shop whose orders are published", () => {
  let server: DynamoDbServer;
  let folder = "";
  const table = `orders-${randomUUID()}`;
  beforeAll(async () => {
    server = await startDynamoDbLocal();
    folder = await mkdtemp(join(tmpdir(), "sluice-published-shop-"));
    makeTeaShop(folder);
    await createTable(server.client, table, { order_id: "S" });
    const target = { table, keys: { order_id: "{order_id}" }, endpoint: server.endpoint };
    const file = join(folder, "sluice.config.ts");
    const config = (await readFile(file, "utf8"))
      .replace("defineLake, dynamodb,", "defineLake, dynamodb, dynamodbTarget,")
      .replace('deletes: "hard",', `deletes: "soft", publish: dynamodbTarget(${JSON.stringify(target)}),`);
    await writeFile(file, config);
    await writeFile(join(folder, "spy.cjs"), SPY);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const shop = async (...words: string[]) => {
    const env = { NODE_OPTIONS: `--require ${join(folder, "spy.cjs")}`, NO_COLOR: "1" };
    const finished = await sluice(words, { folder, env });
    return { ...finished, loaded: finished.stderr.includes("SDK LOADED") };
  };

  test("a run publishes what is new at its end, and one with nothing new does not even load the SDK", async () => {
    const plan = await shop("plan");
    expect(plan.stdout).toMatch(new RegExp(`publish +to dynamodb ${table}`));
    expect(plan.loaded).toBe(false);
    const first = await shop("run", "--json");
    expect(first.status).toBe(0);
    // One order has no positive amount and is in quarantine.
    expect(JSON.parse(first.stdout)).toMatchObject({
      publications: [{ table: "silver.orders", outcome: "published", put: ORDERS - 1, deleted: 0, error: null }],
    });
    expect(first.loaded).toBe(true);
    const told = await shop("status", "--json");
    const { tables } = JSON.parse(told.stdout) as { readonly tables: readonly object[] };
    const target = { name: `dynamodb ${table}`, isCurrent: true, versionsBehind: null };
    expect(tables).toContainEqual(expect.objectContaining({ table: "silver.orders", target: { ...target, version: expect.any(Number) } })); // prettier-ignore
    expect(told.loaded).toBe(false);
    const again = await shop("run");
    expect(again.stdout).toContain("Nothing new");
    expect(again.loaded).toBe(false);
    expect(await shop("publish")).toMatchObject({
      status: 0,
      stdout: "Nothing new: every target is up to date\n",
      loaded: false,
    });
  });

  test("of a window of changes three items are written; a row that is marked as deleted goes", async () => {
    writeNextWindow(folder);
    const { stdout, status } = await shop("run");
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`silver\\.orders +dynamodb ${table} +published +1 +2 +1 `));
    const items = await itemsOf(server.client, table);
    const of = (id: string) => items.find(({ item }) => item["order_id"]?.S === id);
    expect(of("o-40")?.item["amount"]).toEqual({ N: "41.5" });
    expect(of("o-1")?.item["status"]).toEqual({ S: "paid" });
    expect(of("o-2")?.item).toEqual({ order_id: { S: "o-2" } });
    expect(of("o-2")?.marker?.["deleted"]).toEqual({ BOOL: true });
    expect(items.filter(({ marker }) => marker?.["version"]?.N === "1")).toHaveLength(3);
    // Columns that Silver keeps for itself are nobody else's.
    expect(Object.keys(of("o-1")?.item ?? {}).filter((name) => name.startsWith("_"))).toEqual([]);
    const log = await shop(
      "query",
      "select items_put, items_deleted from system.published order by version",
      "--format",
      "csv",
    );
    expect(log.stdout.trim().split(/\r?\n/)).toEqual(["items_put,items_deleted", `${ORDERS - 1},0`, "2,1"]);
  });

  test("whoever reads the table as a source tells its own writing from that of others", async () => {
    const images = (await itemsOf(server.client, table)).map(
      ({ item, marker }) => ({ ...item, _sluice: { M: marker } }) as AttributeMap,
    );
    const live = images.filter((image) => !("deleted" in (image["_sluice"] as { M: object }).M));
    expect(live.length).toBeGreaterThan(30);
    for (const newImage of live) expect(isOwnWrite({ newImage })).toBe(true);
    expect(live.every((image) => contentHash(image).length === 22)).toBe(true);
    const [one] = live;
    expect(isOwnWrite({ newImage: { ...one, status: { S: "changed by the application" } } })).toBe(false);
  });

  test("drift ends with exit code 4, names the keys, and is put right", async () => {
    await server.client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { order_id: { S: "o-7" } },
        UpdateExpression: "SET amount = :a",
        ExpressionAttributeValues: { ":a": { N: "1" } },
      }),
    );
    const check = await shop("publish", "--check");
    expect(check.status).toBe(4);
    expect(check.stdout).toMatch(/silver\.orders version 1: 0 missing, 1 different, 0 extra of 39 rows/);
    expect(check.stdout).toMatch(/different +o-7/);
    expect(check.stderr).toContain("publish.drifted");
    expect(await shop("publish", "--repair")).toMatchObject({ status: 0 });
    expect(await shop("publish", "--check", "--read-capacity", "30")).toMatchObject({ status: 0 });
    expect((await shop("publish", "--check", "--repair")).status).toBe(2);
    expect((await shop("publish", "gold.daily_sales")).stderr).toContain("it names no target");
  });

  test("a target that is not there fails the run, is recorded, and is tried again", async () => {
    const file = join(folder, "sluice.config.ts");
    const config = await readFile(file, "utf8");
    await writeFile(file, config.replace(table, "nowhere"));
    const failed = await shop("run");
    await writeFile(file, config);
    expect(failed.status).toBe(5);
    expect(failed.stdout).toMatch(/silver\.orders +dynamodb nowhere +failed/);
    expect(failed.stderr).toContain("Create the table with the key attributes that `publish.keys` names");
    const runs = "select outcome, error_code from system.runs order by started_at desc limit 1";
    expect((await shop("query", runs, "--format", "csv")).stdout).toContain("failed,target.invalid");
    expect(await shop("run")).toMatchObject({ status: 0 });
  });

  test("a key that is no column is found by plan", async () => {
    const file = join(folder, "sluice.config.ts");
    const config = await readFile(file, "utf8");
    const target = { table, keys: { order_id: "{orders}|{dya}" }, endpoint: server.endpoint };
    await writeFile(
      file,
      config.replace(
        "group by placed_on`,",
        `group by placed_on\`, publish: dynamodbTarget(${JSON.stringify(target)}),`,
      ),
    );
    const { status, stderr } = await shop("plan");
    await writeFile(file, config);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /tables\.gold\.daily_sales\.publish: expected keys and columns that the table has, got .*"dya"/,
    );
  });

  test(
    "whatever its versions, a target is equal to its table after each publish, and what was written is what has changed",
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(versions, async (history) => {
          const own = `t-${randomUUID()}`;
          await createTable(server.client, own, { pk: "S" });
          await using written = await publishedLake({
            table: own,
            keys: { pk: "{id}" },
            endpoint: server.endpoint,
            writeCapacity: 40_000,
          });
          let published: Readonly<Record<string, string>> = {};
          for (const [version, { rows, isPublished }] of history.entries()) {
            await written.write(selectOf(rows));
            if (!isPublished && version < history.length - 1) continue;
            const [report] = await written.lake.publish();
            expect(report?.error).toBeUndefined();
            const now = Object.fromEntries(Object.entries(rows).map(([id, one]) => [id, JSON.stringify(one)]));
            expect(report).toMatchObject({
              put: Object.keys(now).filter((id) => now[id] !== published[id]).length,
              deleted: Object.keys(published).filter((id) => !(id in now)).length,
            });
            published = now;
            const shown = await shownItems(server.client, own);
            expect(Object.fromEntries(shown.map((item) => [item["pk"]?.S, item]))).toEqual(itemsOfRows(rows));
          }
        }),
        { numRuns: NIGHTLY ? 300 : 4 },
      );
    },
  );
});

type Rows = Readonly<Record<string, { readonly text: string | null; readonly count: number | null }>>;

function selectOf(rows: Rows): string {
  const values = Object.entries(rows).map(
    ([id, { text, count }]) =>
      `('${id}', ${text === null ? "NULL" : `'${text}'`}, ${count ?? "NULL"}, [{'n': ${count ?? "NULL"}}])`,
  );
  const all = values.length === 0 ? "(NULL, NULL, NULL, NULL)" : values.join(", ");
  return `SELECT CAST(id AS VARCHAR) AS id, CAST(text AS VARCHAR) AS text, CAST(count AS BIGINT) AS count, CAST(list AS STRUCT(n BIGINT)[]) AS list
    FROM (VALUES ${all}) v(id, text, count, list) WHERE id IS NOT NULL`;
}

function itemsOfRows(rows: Rows): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(rows).map(([id, { text, count }]) => {
      const list = { L: [{ M: count === null ? {} : { n: { N: String(count) } } }] };
      const columns = {
        ...(text === null ? {} : { text: { S: text } }),
        ...(count === null ? {} : { count: { N: String(count) } }),
      };
      return [id, { pk: { S: id }, id: { S: id }, ...columns, list }];
    }),
  );
}
