import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeTableCommand, UpdateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld, seededRandom } from "../../src/base/index.ts";
import { loadConfig } from "../../src/cli/load-config.ts";
import { openLake, type Lake } from "../../src/lake/index.ts";
import { openNewest } from "../../src/layers/index.ts";
import { dynamodbTable } from "../../src/targets/index.ts";
import { sluice } from "../faults/product.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { startFaultProxy, type FaultProxy, type ProxyFault } from "../services/fault-proxy.ts";
import { requirePart } from "../services/parts.ts";
import { createTable, itemsOf, publishedLake, writeDaily } from "./published-lake.ts";

const SEED = Number(process.env["SLUICE_SEED"] ?? "20260106");
const NIGHTLY = process.env["SLUICE_NIGHTLY"] === "true";
const ROWS = NIGHTLY ? 100_000 : 300;
const KILLS = NIGHTLY ? 60 : 1;

/** Rows of a version: some keys are there in some versions only, some amounts change. */
const rowsOf = (version: number, rows = ROWS): string =>
  `SELECT 'k' || CAST(i AS VARCHAR) AS id, CAST(i + CASE WHEN i % 5 = ${version % 5} THEN ${version} ELSE 0 END AS DECIMAL(38, 2)) / 4 AS amount,
    DATE '2026-01-01' + CAST(i % 30 AS INTEGER) AS day FROM range(${rows}) t(i) WHERE i % 11 <> ${version % 11}`;

/** What the target must show, asked from the engine and not from what publishes. */
async function expectEqual(client: DynamoDBClient, table: string, lake: Lake): Promise<void> {
  const gold = await openNewest(lake.tables.place("gold", "daily"));
  const rows = await lake.engine.rows({
    sql: "SELECT id, CAST(amount AS DOUBLE) AS amount, CAST(day AS VARCHAR) AS day FROM daily",
    inputs: { daily: { kind: "table", table: gold } },
  });
  const wanted = new Map(rows.map((row) => [row["id"], [row["amount"], row["day"]]]));
  const shown = (await itemsOf(client, table)).filter(({ marker }) => marker?.["deleted"] === undefined);
  const found = new Map(shown.map(({ item }) => [item["pk"]?.S, [Number(item["amount"]?.N), item["day"]?.S]]));
  expect(found.size).toBe(wanted.size);
  expect(found).toEqual(wanted);
}

/** Some puts in a hundred are refused as too many, lost, answered into the void or done twice. */
function faulty(random: () => number, share: number): FaultProxy["onRequest"] {
  const faults: readonly ProxyFault[] = [
    { kind: "answer", status: 400, code: "ProvisionedThroughputExceededException" },
    { kind: "answer", status: 400, code: "ThrottlingException" },
    { kind: "answer", status: 500, code: "InternalServerError", afterEffect: true },
    { kind: "lose-request" },
    { kind: "lose-answer" },
    { kind: "repeat" },
    { kind: "cut" },
  ];
  return ({ kind }) =>
    kind === "PutItem" && random() < share ? faults[Math.floor(random() * faults.length)] : undefined;
}

describe.skipIf(!requirePart("dynamodb-local"))("publishing over a network that fails", () => {
  let server: DynamoDbServer;
  let proxy: FaultProxy;
  let folder = "";
  beforeAll(async () => {
    server = await startDynamoDbLocal();
    proxy = await startFaultProxy(server.port);
    folder = await mkdtemp(join(tmpdir(), "sluice-publish-trouble-"));
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const newTarget = async () => {
    const table = `t-${randomUUID()}`;
    await createTable(server.client, table, { pk: "S" });
    return { table, keys: { pk: "{id}" }, endpoint: proxy.endpoint, writeCapacity: 40_000 };
  };

  test(
    "killed again and again, throttled and cut off, the target is equal to the table in the end",
    { timeout: 3_600_000 },
    async () => {
      process.stderr.write(`publish: kills by SLUICE_SEED=${SEED}\n`);
      const random = seededRandom(SEED);
      const target = await newTarget();
      const own = join(folder, "killed");
      await writeConfig(own, target);
      const { definition } = await loadConfig(own, { env: {} });
      await using lake = openLake(definition);
      proxy.onRequest = faulty(random, 0.03);
      let [kills, version] = [0, 0];
      await writeDaily(lake, rowsOf(version));
      // Who overtakes a first publish waits half a minute and compares; by day that is too long.
      if (!NIGHTLY) expect(await lake.publish()).toMatchObject([{ outcome: "published" }]);
      version += NIGHTLY ? 0 : 1;
      if (!NIGHTLY) await writeDaily(lake, rowsOf(version));
      while (kills < KILLS) {
        const killed = await sluice({ folder: own }, ["publish"], {
          killAfterMs: 600 + random() * (NIGHTLY ? 20_000 : 2_500),
        });
        if (killed.signal !== null) kills += 1;
        else expect({ status: killed.status, said: killed.stderr }).toMatchObject({ status: 0 });
        // Nothing is left that an older one could have been; what is there is of versions that there are.
        if (killed.signal === null || random() < 0.4) {
          version += 1;
          await writeDaily(lake, rowsOf(version));
        }
      }
      const last = await sluice({ folder: own }, ["publish", "--json"]);
      expect({ status: last.status, said: last.stderr }).toMatchObject({ status: 0 });
      proxy.onRequest = () => undefined;
      await expectEqual(server.client, target.table, lake);
      process.stderr.write(`publish: survived ${kills} kills, ${version + 1} versions\n`);
      expect(await lake.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({
        version,
        isUnfinished: false,
        missing: 0,
        different: 0,
        extra: 0,
      });
      proxy.reset();
      expect(await lake.publish()).toMatchObject([{ outcome: "unchanged" }]);
      expect(proxy.requests).toEqual([]);
    },
  );

  test("an older publish changes nothing, and says so", async () => {
    const target = await newTarget();
    await using shop = await publishedLake(target);
    await shop.write(rowsOf(0, 60));
    await shop.lake.publish();
    // A copy of the lake as it was; the lake goes on.
    const copy = join(folder, "copy");
    await cp(join(shop.folder, "lake"), join(copy, "lake"), { recursive: true });
    await shop.write(rowsOf(1, 60));
    await shop.write(rowsOf(2, 60));
    await shop.lake.publish();
    const before = await itemsOf(server.client, target.table);
    await rm(join(copy, "lake", "system"), { recursive: true });
    await writeConfig(copy, target);
    await using old = openLake((await loadConfig(copy, { env: {} })).definition);
    const [report] = await old.publish();
    expect(report?.error).toMatchObject({
      code: "publish.superseded",
      exitCode: 6,
      facts: { version: 0, published: 2 },
    });
    const late = await open(target, "shop/gold.daily");
    const encoded = (id: string) => {
      const row = late.encode({ id }, [id], { type: "struct", fields: [] });
      if ("flaw" in row) throw new Error(row.flaw);
      return row;
    };
    const epoch = Number(before[0]?.marker?.["epoch"]?.N);
    // Its first answer is cut off in the middle of a refusal, which is none until it is heard whole.
    proxy.onRequest = (_request, nth) => (nth === 1 ? { kind: "cut" } : undefined);
    // k2 is a tombstone by now, k7 has another amount; a write of version 0 that comes only now meets both.
    for (const id of ["k2", "k7"]) {
      const verdict = await late.write({ sequence: { epoch, version: 0 }, key: [id], row: encoded(id) }, keep);
      expect(verdict).toMatchObject({ kind: "newer" });
    }
    expect(await itemsOf(server.client, target.table)).toEqual(before);
    await late[Symbol.asyncDispose]();
    proxy.onRequest = () => undefined;
  });

  test("of two lakes of one name the second is refused until it takes over, and the first then", async () => {
    const target = await newTarget();
    await using first = await publishedLake(target);
    await using second = await publishedLake(target, {
      world: { ...realWorld(), sleep: async () => await Promise.resolve() },
    });
    await first.write(rowsOf(0, 40));
    await second.write(rowsOf(3, 40));
    await first.lake.publish();
    const [refused] = await second.lake.publish();
    expect(refused?.error).toMatchObject({ code: "publish.superseded" });
    expect(refused?.error?.message).toContain("from another table of that name");
    await expectEqual(server.client, target.table, first.lake);
    const [taken] = await second.lake.publish({ takesOver: true });
    expect(taken?.error).toBeUndefined();
    await expectEqual(server.client, target.table, second.lake);
    await first.write(rowsOf(1, 40));
    const [back] = await first.lake.publish();
    expect(back?.error).toMatchObject({ code: "publish.superseded" });
    await expectEqual(server.client, target.table, second.lake);
  });

  test("two runs at once end as one", async () => {
    const target = await newTarget();
    await using shop = await publishedLake(target);
    await shop.write(rowsOf(0, 300));
    const other = shop.again();
    const reports = await Promise.all([shop.lake.publish(), other.publish()]);
    for (const { error } of reports.flat()) expect([undefined, "publish.superseded"]).toContain(error?.code);
    await shop.lake.publish();
    await expectEqual(server.client, target.table, shop.lake);
  });

  test("capacity that was raised is put back, also by who comes after a crash", async () => {
    const table = `t-${randomUUID()}`;
    const units = { ReadCapacityUnits: 5, WriteCapacityUnits: 5 };
    await createTable(server.client, table, { pk: "S" }, { BillingMode: "PROVISIONED", ProvisionedThroughput: units });
    const capacity = async () => {
      const { Table } = await server.client.send(new DescribeTableCommand({ TableName: table }));
      return Table?.ProvisionedThroughput?.WriteCapacityUnits;
    };
    await using shop = await publishedLake({ table, keys: { pk: "{id}" }, endpoint: proxy.endpoint, raiseTo: 5_000 });
    await shop.write(rowsOf(0, 50));
    const seen: (number | undefined)[] = [];
    let puts = 0;
    proxy.onRequest = ({ kind }) => {
      if (kind !== "PutItem") return undefined;
      puts += 1;
      void capacity().then((now) => seen.push(now));
      // The mark, what was before, and some rows: then nothing more comes through, and nothing puts the capacity back.
      return puts > 10 ? { kind: "answer", status: 400, code: "AccessDeniedException" } : undefined;
    };
    const [crashed] = await shop.lake.publish();
    expect(crashed?.error).toMatchObject({ code: "target.denied" });
    proxy.onRequest = () => undefined;
    await setCapacity(server.client, table, 5_000);
    expect(seen).toContain(5_000);
    const [report] = await shop.again().publish();
    expect(report).toMatchObject({ outcome: "published", error: undefined });
    expect(await capacity()).toBe(5);
    await expectEqual(server.client, table, shop.lake);
  });
});

async function keep(): Promise<void> {
  await Promise.resolve();
}

async function open(target: { readonly table: string; readonly endpoint: string }, publisher: string) {
  const keys = [{ attribute: "pk", kind: "text" }] as const;
  const options = { ...target, keys, publisher, existing: "refuse", tombstoneMs: 86_400_000 } as const;
  return await dynamodbTable(options, { world: realWorld() }).open();
}

async function setCapacity(client: DynamoDBClient, table: string, units: number): Promise<void> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  if (Table?.ProvisionedThroughput?.WriteCapacityUnits === units) return;
  const throughput = { ReadCapacityUnits: 5, WriteCapacityUnits: units };
  await client.send(new UpdateTableCommand({ TableName: table, ProvisionedThroughput: throughput }));
}

async function writeConfig(folder: string, target: object): Promise<void> {
  const text = `import { bronze, defineLake, dynamodb, dynamodbTarget, gold, s, silver, sql } from "sluice";
const raw = bronze("orders", { source: dynamodb({ table: "orders", keys: ["id"], export: "./exports" }) });
const orders = silver("orders", { from: raw, keys: ["id"], columns: { id: s.string() } });
const daily = gold("daily", { query: sql\`select id from \${orders}\`, publish: dynamodbTarget(${JSON.stringify(target)}) });
export default defineLake({ name: "shop", storage: "./lake", tables: [raw, orders, daily] });
`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "sluice.config.mjs"), text);
}
