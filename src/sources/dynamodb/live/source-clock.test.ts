import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedWorld, type World } from "../../../base/index.ts";
import type { Channel } from "../../source.ts";
import { dynamodbSource } from "../dynamodb-source.ts";
import { awsTableClient } from "./aws-client.ts";
import { connectTables } from "./aws-connection.ts";
import { describeTable } from "./aws-tables.ts";
import { decodeScan } from "./scan-state.ts";
import { SourceClock } from "./source-clock.ts";
import type { TableClient } from "./table-client.ts";

const HOUR_MS = 3_600_000;
const TABLE = { TableArn: "arn", TableId: "id", KeySchema: [{ AttributeName: "id", KeyType: "HASH" }] };

/** DynamoDB's protocol with a clock of our own. */
let server: Server;
let client: TableClient;
let local: TableClient;
/** undefined: it does not tell. */
let serverMs: number | undefined;

beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "sluicetest", AWS_SECRET_ACCESS_KEY: "sluicetestsecret" });
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.sendDate = false;
      if (serverMs !== undefined) response.setHeader("date", new Date(serverMs).toUTCString());
      response.end(JSON.stringify({ Table: TABLE }));
    });
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  const { port } = server.address() as AddressInfo;
  const place = { table: "orders", endpoint: `http://127.0.0.1:${port}` };
  const tables = connectTables(place);
  local = awsTableClient(place);
  // As one that is somewhere else.
  client = { ...local, describeTable: async () => await describeTable(tables, { table: "orders", at: "elsewhere" }) };
});

afterAll(() => {
  client.close();
  server.close();
});

/** How far the channels' clock is ahead of DynamoDB's, in whole seconds, when this machine's is ahead by so much. */
async function aheadAfter(clock: SourceClock, own: World, aheadMs: number | undefined): Promise<number> {
  serverMs = aheadMs === undefined ? undefined : own.nowMs() - aheadMs;
  await clock.setBy(client).describeTable();
  return Math.round((clock.world.nowMs() - (serverMs ?? own.nowMs())) / 1_000);
}

test("a clock that is wrong gives way to DynamoDB's, until it is right again; within half a minute it counts", async () => {
  const own = simulatedWorld(1);
  const clock = new SourceClock(own);
  expect(await aheadAfter(clock, own, 20_000)).toBe(20);
  for (const aheadMs of [HOUR_MS, -HOUR_MS, 40_000, undefined]) {
    const ahead = await aheadAfter(clock, own, aheadMs);
    // Who does not tell changes nothing.
    if (aheadMs === undefined) expect(ahead).toBe(-40);
    else expect(Math.abs(ahead)).toBeLessThanOrEqual(1);
  }
  expect(await aheadAfter(clock, own, 0)).toBe(0);
});

test("a server on this machine has this machine's clock", async () => {
  serverMs = 0;
  expect((await local.describeTable()).atMs).toBeUndefined();
  expect((await client.describeTable()).atMs).toBe(0);
});

test("a scan is dated by DynamoDB's clock, and due again by it", async () => {
  const own = simulatedWorld(2);
  const options = { table: "orders", keys: ["id"], hints: [], requireFullExport: true, scan: { everyMs: HOUR_MS } };
  const scanOf = (): Channel | undefined => dynamodbSource(options, { world: own, client }).channels[0];
  serverMs = own.nowMs() - 2 * HOUR_MS;
  const first = (await scanOf()?.plan({ last: undefined }))?.batches[0];
  const state = decodeScan(first?.start);
  expect(Math.abs(Date.parse(state?.time ?? "") - serverMs)).toBeLessThan(2_000);
  const moved = JSON.stringify({ ...state, segments: [null] });
  // Another process, which knows its own clock alone before it asks.
  const again = scanOf();
  expect((await again?.plan({ last: undefined, moved }))?.batches).toEqual([]);
  await own.sleep(HOUR_MS);
  serverMs += HOUR_MS;
  expect((await again?.plan({ last: undefined, moved }))?.batches).toHaveLength(1);
});
