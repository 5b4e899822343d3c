import { randomUUID } from "node:crypto";
import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld } from "../../src/base/index.ts";
import type { PublicationReport } from "../../src/orchestration/index.ts";
import type { Lake } from "../../src/lake/index.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { requirePart } from "../services/parts.ts";
import { createTable, itemsOf, publishedLake, shownItems } from "./published-lake.ts";

/** Three days of two categories, of which `changed` have another amount. */
const days = (changed = "false", where = "true"): string =>
  `SELECT * FROM (SELECT (DATE '2026-01-01' + CAST(d AS INTEGER)) AS day, c AS category, CAST(d * 10 + length(c) AS DECIMAL(38, 2)) + CASE WHEN ${changed} THEN 0.5 ELSE 0 END AS amount
    FROM range(3) t(d), (VALUES ('books'), ('toys')) v(c)) WHERE ${where}`;

async function published(lake: Lake, request = {}): Promise<PublicationReport> {
  const [report] = await lake.publish(request);
  if (report === undefined) throw new Error("nothing to publish");
  if (report.error !== undefined) throw report.error;
  return report;
}

describe.skipIf(!requirePart("dynamodb-local"))("publishing to DynamoDB", () => {
  let server: DynamoDbServer;
  beforeAll(async () => {
    server = await startDynamoDbLocal();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const target = async (keys: Readonly<Record<string, string>> = { pk: "{day}#{category}" }) => {
    const table = `t-${randomUUID()}`;
    await createTable(server.client, table, Object.fromEntries(Object.keys(keys).map((name) => [name, "S" as const])));
    return { table, keys, endpoint: server.endpoint, writeCapacity: 5_000 };
  };
  test("every type comes through whole", async () => {
    const options = await target({ pk: "{text}", sk: "{moment}" });
    await using shop = await publishedLake(options);
    await shop.write(`SELECT 'ä#|🙂' AS text, '' AS empty, NULL AS nothing, 9223372036854775807::BIGINT AS big, (-128)::TINYINT AS tiny,
      99999999999999999999999999999999999999::DECIMAL(38,0) AS digits, 0.00000000000000000000000000000000000001::DECIMAL(38,38) AS fine,
      1.50::DECIMAL(18,2) AS price, 0.1::DOUBLE AS ratio, 0.1::FLOAT AS part, true AS yes, '\\x00\\xFF'::BLOB AS bytes, DATE '2026-02-28' AS day,
      TIMESTAMPTZ '2026-01-31 12:00:00.000001+00' AS moment, TIMESTAMP '2026-01-31 12:00:00' AS local, [1, NULL, 3]::BIGINT[] AS list,
      {'a': 1.10::DECIMAL(4,2), 'b': NULL::VARCHAR, 'c': ['x']} AS record, MAP {'k': 1.5::DECIMAL(3,1), 'n': NULL} AS map`);
    expect(await published(shop.lake)).toMatchObject({ outcome: "published", put: 1, deleted: 0 });
    expect(await shownItems(server.client, options.table)).toEqual([
      {
        pk: { S: "ä#|🙂" },
        sk: { S: "2026-01-31T12:00:00.000001Z" },
        text: { S: "ä#|🙂" },
        empty: { S: "" },
        big: { N: "9223372036854775807" },
        tiny: { N: "-128" },
        digits: { N: "99999999999999999999999999999999999999" },
        fine: { N: expect.stringMatching(/^(?:0\.0{37}1|1E-38)$/) },
        price: { N: "1.5" },
        ratio: { N: "0.1" },
        part: { N: "0.1" },
        yes: { BOOL: true },
        bytes: { B: Uint8Array.of(0, 255) },
        day: { S: "2026-02-28" },
        moment: { S: "2026-01-31T12:00:00.000001Z" },
        local: { S: "2026-01-31T12:00:00.000000" },
        list: { L: [{ N: "1" }, { NULL: true }, { N: "3" }] },
        record: { M: { a: { N: "1.1" }, c: { L: [{ S: "x" }] } } },
        map: { M: { k: { N: "1.5" }, n: { NULL: true } } },
      },
    ]);
    expect(await shop.lake.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({
      rows: 1,
      missing: 0,
      different: 0,
      extra: 0,
    });
  });

  test("only rows that changed are written, whatever was rewritten", async () => {
    const options = await target();
    await using shop = await publishedLake(options);
    await shop.write(days());
    expect(await published(shop.lake)).toMatchObject({ put: 6, deleted: 0, version: 0 });
    expect(await published(shop.lake)).toMatchObject({ outcome: "unchanged" });
    await shop.write(days());
    expect(await published(shop.lake)).toMatchObject({ outcome: "unchanged", put: 0, deleted: 0, units: 0 });
    await shop.write(days("d = 1 AND c = 'toys'"));
    await shop.write(days("d = 1 AND c = 'toys'", "category <> 'books' OR day > DATE '2026-01-01'"));
    expect(await published(shop.lake)).toMatchObject({ put: 1, deleted: 1, version: 3 });
    const items = await itemsOf(server.client, options.table);
    expect(items.filter(({ marker }) => marker?.["version"]?.N === "3")).toHaveLength(2);
    expect((await shownItems(server.client, options.table)).map(({ pk }) => pk?.S)).toHaveLength(5);
    // A row that comes back takes the place of what stood for it.
    await shop.write(days());
    expect(await published(shop.lake)).toMatchObject({ put: 2, deleted: 0 });
    expect(await shownItems(server.client, options.table)).toHaveLength(6);
    expect(await shop.lake.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({
      missing: 0,
      different: 0,
      extra: 0,
    });
  });

  test("two rows of one key are told before anything is written", async () => {
    const options = await target({ pk: "{day}" });
    await using shop = await publishedLake(options);
    await shop.write(days());
    const [report] = await shop.lake.publish();
    expect(report?.error).toMatchObject({ code: "publish.refused", exitCode: 3 });
    expect(report?.error?.message).toMatch(/2 rows have the key "2026-01-01" .*row1=.*books.*row2=.*toys/);
    expect(await itemsOf(server.client, options.table)).toEqual([]);
  });

  test.each([
    ["SELECT NULL::VARCHAR AS day, 'x' AS category", /a row has a NULL in its key/],
    ["SELECT 'a' AS day, 'b' AS category, 'nan'::DOUBLE AS amount", /"a#b": column amount is NaN/],
    [
      "SELECT 'a' AS day, 'b' AS category, repeat('x', 410000) AS text",
      /its item has 41\d{4} bytes, and DynamoDB takes 409600/,
    ],
    ["SELECT repeat('k', 3000) AS day, 'b' AS category", /key pk has 3002 bytes/],
  ])("%s is refused, and nothing is written", async (select, message) => {
    const options = await target();
    await using shop = await publishedLake(options);
    await shop.write(select);
    const [report] = await shop.lake.publish();
    expect(report?.error?.message).toMatch(message);
    expect(report?.error?.code).toBe("publish.refused");
    expect(await itemsOf(server.client, options.table)).toEqual([]);
  });

  test("columns that cannot be keys or attributes are told by their names", async () => {
    const options = await target();
    const flaws = [
      [
        "SELECT 0.5::DOUBLE AS day, 'b' AS category",
        /the key pk is made of day, and a double does not tell rows apart/,
      ],
      ["SELECT 'a'::BLOB AS day, 'b' AS category", /the key pk puts bytes into a text/],
      ["SELECT 'a' AS day", /the key pk names "category", which is no column of the table/],
      ["SELECT 'a' AS day, 'b' AS category, 1 AS _sluice", /the column _sluice has the name of the attribute/],
    ] as const;
    await using shop = await publishedLake(options);
    for (const [select, message] of flaws) {
      await shop.write(select);
      const [report] = await shop.lake.publish();
      expect(report?.error?.message).toMatch(message);
      expect(report?.error?.code).toBe("plan.refused");
    }
  });

  test("keys are of the types that the target declares", async () => {
    const options = await target();
    const numbers = `t-${randomUUID()}`;
    await createTable(server.client, numbers, { pk: "N", sk: "B" });
    await using shop = await publishedLake({ ...options, table: numbers, keys: { pk: "{n}", sk: "{b}" } });
    await shop.write(
      "SELECT CAST(i / 4 AS DECIMAL(10, 2)) AS n, '\\x00\\xFF'::BLOB AS b, i AS amount FROM range(5) t(i)",
    );
    expect(await published(shop.lake)).toMatchObject({ put: 5 });
    expect(await shownItems(server.client, numbers)).toContainEqual({
      pk: { N: "0.5" },
      sk: { B: Uint8Array.of(0, 255) },
      n: { N: "0.5" },
      b: { B: Uint8Array.of(0, 255) },
      amount: { N: "2" },
    });
    expect(await shop.lake.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({
      missing: 0,
      different: 0,
      extra: 0,
    });
    await shop.write(
      "SELECT CAST(i / 4 AS DECIMAL(10, 2)) AS n, '\\x00\\xFF'::BLOB AS b, i AS amount FROM range(3) t(i)",
    );
    expect(await published(shop.lake)).toMatchObject({ put: 0, deleted: 2 });
    const [textual] = await shop.again({ keys: { pk: "{n}#", sk: "{b}" } }).publish();
    expect(textual?.error).toMatchObject({ code: "target.invalid" });
    expect(textual?.error?.message).toContain("its key pk is of type N, and `keys` gives text");
    const [swapped] = await shop.again({ keys: { sk: "{b}", pk: "{n}" } }).publish();
    expect(swapped?.error?.message).toContain("its key is (pk, sk), and `keys` says (sk, pk)");
    const [absent] = await shop.again({ table: "nowhere" }).publish();
    expect(absent?.error?.message).toContain("there is no such table");
  });

  test("an item of somebody else stays, and is told", async () => {
    const options = await target();
    await using shop = await publishedLake(options);
    await shop.write(days());
    const own = { pk: { S: "2026-01-02#toys" }, amount: { N: "1" } };
    await server.client.send(new PutItemCommand({ TableName: options.table, Item: own }));
    const [report] = await shop.lake.publish();
    expect(report?.error).toMatchObject({ code: "target.occupied", facts: { key: '"2026-01-02#toys"' } });
    expect(await shownItems(server.client, options.table)).toContainEqual(own);
    const replacing = shop.again({ existing: "replace" });
    expect(await published(replacing)).toMatchObject({ outcome: "published" });
    expect(await shownItems(server.client, options.table)).not.toContainEqual(own);
    expect(await replacing.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({ missing: 0, different: 0 });
  });

  test("what others did to the target is found, named and put right", async () => {
    const options = await target();
    await using shop = await publishedLake(options);
    await shop.write(days());
    await published(shop.lake);
    const keyOf = (pk: string) => ({ TableName: options.table, Key: { pk: { S: pk } } });
    await server.client.send(new DeleteItemCommand(keyOf("2026-01-01#books")));
    const change = { UpdateExpression: "SET amount = :a", ExpressionAttributeValues: { ":a": { N: "7" } } };
    await server.client.send(new UpdateItemCommand({ ...keyOf("2026-01-02#toys"), ...change }));
    const drift = await shop.lake.checkPublished("gold.daily", { shownMax: 5 });
    expect(drift).toMatchObject({ version: 0, missing: 1, different: 1, extra: 0 });
    expect(drift.keys).toEqual([
      { what: "missing", key: ["2026-01-01#books"] },
      { what: "different", key: ["2026-01-02#toys"] },
    ]);
    expect(await published(shop.lake)).toMatchObject({ outcome: "unchanged" });
    expect(await published(shop.lake, { repairs: true })).toMatchObject({ put: 2, deleted: 0 });
    expect(await shop.lake.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({ missing: 0, different: 0 });
  });

  test("a column that goes, goes from every item, and one that comes is in every item", async () => {
    const options = await target();
    await using shop = await publishedLake(options);
    await shop.write(days());
    await published(shop.lake);
    await shop.write(`SELECT day, category FROM (${days()})`);
    expect(await published(shop.lake)).toMatchObject({ put: 6, deleted: 0 });
    expect((await shownItems(server.client, options.table)).filter((item) => "amount" in item)).toEqual([]);
    await shop.write(`SELECT *, MAP {category: amount} AS by_category, 1 AS one FROM (${days()})`);
    expect(await published(shop.lake)).toMatchObject({ put: 6, deleted: 0 });
    await shop.write(`SELECT *, MAP {category: amount} AS by_category, 1 AS one FROM (${days("c = 'toys'")})`);
    expect(await published(shop.lake)).toMatchObject({ put: 3, deleted: 0 });
    expect(await shop.lake.checkPublished("gold.daily", { shownMax: 5 })).toMatchObject({ missing: 0, different: 0 });
  });

  test("what stands for deleted rows goes by the TTL attribute, or with a repair once it is old enough", async () => {
    const options = await target();
    await using shop = await publishedLake({ ...options, ttl: "expires_at" });
    await shop.write(days());
    await published(shop.lake);
    await shop.write(days("false", "category = 'toys'"));
    expect(await published(shop.lake)).toMatchObject({ put: 0, deleted: 3 });
    const tombstones = (await itemsOf(server.client, options.table)).filter(({ marker }) => marker?.["deleted"]);
    const inAWeek = Date.now() / 1_000 + 7 * 86_400;
    for (const { item } of tombstones) {
      expect(Object.keys(item).toSorted()).toEqual(["expires_at", "pk"]);
      expect(Math.abs(Number(item["expires_at"]?.N) - inAWeek)).toBeLessThan(600);
    }
    await published(shop.lake, { repairs: true });
    expect(await itemsOf(server.client, options.table)).toHaveLength(6);
    const later = { ...realWorld(), nowMs: () => Date.now() + 8 * 86_400_000 };
    await published(shop.again({}, { world: later }), { repairs: true });
    expect(await itemsOf(server.client, options.table)).toHaveLength(3);
    expect(await shownItems(server.client, options.table)).toHaveLength(3);
  });

  test("other keys or columns are published anew, and the old items go", async () => {
    const options = await target();
    await using shop = await publishedLake(options);
    await shop.write(days());
    await published(shop.lake);
    const other = shop.again({ keys: { pk: "{category}@{day}" }, columns: ["amount"] });
    expect(await published(other)).toMatchObject({ put: 6, deleted: 6 });
    const items = await shownItems(server.client, options.table);
    expect(items).toContainEqual({ pk: { S: "books@2026-01-01" }, amount: { N: "5" } });
    expect(items).toHaveLength(6);
  });
});
