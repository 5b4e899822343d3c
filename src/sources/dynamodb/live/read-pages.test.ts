import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RateLimit, simulatedWorld } from "../../../base/index.ts";
import { contentHash, type AttributeMap, type ItemFilter } from "../../../contract/index.ts";
import { readPages } from "./read-pages.ts";
import { newScan } from "./scan-state.ts";
import { SourceFault, type ScanPage, type ScanRequest, type TableClient } from "./table-client.ts";

/** Items of so many units in four segments; refuses requests for a while where it is told to. */
function tableOf(items: number, unitsEach: number, refuse: () => boolean = () => false) {
  const used: { readonly atMs: number; readonly units: number }[] = [];
  const client = (nowMs: () => number): TableClient =>
    ({
      where: "here",
      scan: async ({
        segment,
        startKey,
        limit = Math.floor(128 / unitsEach),
      }: Parameters<TableClient["scan"]>[0]): Promise<ScanPage> => {
        if (refuse()) throw new SourceFault("throttled", "slow down");
        const from = startKey === undefined ? 0 : Number(startKey);
        const count = Math.min(limit, Math.floor(128 / unitsEach), items / 4 - from);
        used.push({ atMs: nowMs(), units: count * unitsEach });
        const bytes = Buffer.from("{}");
        const places = Array.from({ length: count }, () => [0, 2]).flat();
        const next = from + count;
        expect(segment).toBeLessThan(4);
        return {
          items: { bytes, places },
          scanned: count,
          units: count * unitsEach,
          lastKey: next < items / 4 ? String(next) : undefined,
        };
      },
    }) as unknown as TableClient;
  return { client, used };
}

async function scanned(
  perSecond: number,
  table: ReturnType<typeof tableOf>,
): Promise<{ lines: number; tookMs: number }> {
  const world = simulatedWorld(1);
  const folder = await mkdtemp(join(tmpdir(), "sluice-pages-"));
  const startMs = world.nowMs();
  try {
    const start = newScan({ tableId: "t", epoch: 0, nowMs: startMs, segments: 4, expected: 0 });
    const options = { table: "t", keys: ["id"], hints: [], hasStream: false };
    const readLimit = new RateLimit(world, { perSecond });
    const needs = { client: table.client(() => world.nowMs()), world, readLimit, context: { world, folder } };
    const { spooled } = await readPages(start, options, needs);
    return { lines: spooled.lines, tookMs: world.nowMs() - startMs };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each([
  [10, 0.5],
  [10, 8],
  [100, 2],
  [1_000, 16],
])(
  "a scan of %i units a second keeps to them in every minute, and uses them (items of %f units)",
  async (perSecond, unitsEach) => {
    const items = Math.ceil((perSecond * 300) / unitsEach / 4) * 4;
    const table = tableOf(items, unitsEach);
    const { lines, tookMs } = await scanned(perSecond, table);
    expect(lines).toBe(items);
    const total = items * unitsEach;
    expect(total / (tookMs / 1_000)).toBeGreaterThan(0.95 * perSecond);
    for (const { atMs } of table.used) {
      const minute = table.used.filter((one) => one.atMs >= atMs && one.atMs < atMs + 60_000);
      expect(minute.reduce((sum, one) => sum + one.units, 0)).toBeLessThanOrEqual(1.05 * 60 * perSecond);
    }
  },
);

test("a scan that is refused slows down, goes on, and misses nothing", async () => {
  let requests = 0;
  const table = tableOf(2_000, 1, () => (requests += 1) % 5 === 0);
  expect((await scanned(100, table)).lines).toBe(2_000);
});

test("a scan that is refused without end fails, to be gone on with later", async () => {
  const table = tableOf(40, 1, () => true);
  await expect(scanned(100, table)).rejects.toMatchObject({ code: "source.unavailable" });
});

const OWN = `{"id":{"S":"a"},"v":{"N":"2"},"x":{"N":"1"},"_sluice":{"M":{"hash":{"S":"HASH"}}}}`;

/** A table of one page: it applies what it is asked for as far as the test says. */
async function filtered(
  items: readonly string[],
  filter: ItemFilter,
): Promise<{ lines: string[]; requests: unknown[] }> {
  const requests: unknown[] = [];
  const client = {
    where: "here",
    scan: async (request: ScanRequest): Promise<ScanPage> => {
      await Promise.resolve();
      requests.push(request.filter);
      const isProjected = request.filter?.ProjectionExpression !== undefined;
      const given = items.map((item) => (isProjected ? item.replace(/,"x":\{"N":"1"\}/, "") : item));
      const places = given.flatMap((item, at) => {
        const start = given.slice(0, at).join("").length;
        return [start, start + item.length];
      });
      return { items: { bytes: Buffer.from(given.join("")), places }, scanned: 7, units: 1, lastKey: undefined };
    },
  } as unknown as TableClient;
  const world = simulatedWorld(1);
  const folder = await mkdtemp(join(tmpdir(), "sluice-pages-"));
  try {
    const start = newScan({ tableId: "t", epoch: 0, nowMs: 0, segments: 1, expected: 0 });
    const options = { table: "t", keys: ["id"], hints: [], hasStream: false, filter };
    const { spooled, state } = await readPages(start, options, { client, world, context: { world, folder } });
    expect(state.items).toBe(7);
    const text = await readFile(join(folder, spooled.path), "utf8");
    return { lines: text.split("\n").slice(0, -1), requests };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("attributes that are kept are spelt as they came; what Sluice wrote is known by all of its attributes", async () => {
  const whole = JSON.parse(OWN) as AttributeMap;
  const own = OWN.replace("HASH", contentHash(whole));
  const theirs = String.raw`{"id":{"S":"b"},"\u0076":{"N":"1.50"},"x":{"N":"1"}}`;
  const filter = { where: [], attributes: ["id", "v"] };
  const line = String.raw`{"Item":{"id":{"S":"b"},"\u0076":{"N":"1.50"}}}`;
  const alone = await filtered([theirs], filter);
  expect(alone.lines).toEqual([line]);
  expect(alone.requests).toMatchObject([{ ProjectionExpression: "#0,#1,#2" }]);
  const both = await filtered([own, theirs], filter);
  expect(both.lines).toEqual([line]);
  expect(both.requests).toMatchObject([{ ProjectionExpression: "#0,#1,#2" }, {}]);
  expect(both.requests[1]).not.toHaveProperty("ProjectionExpression");
});

test("a filter that is too long for a request is applied to what comes", async () => {
  const values = Array.from({ length: 100 }, (_, at) => ({ N: String(at) }));
  const long = Array.from({ length: 20 }, () => ({ attribute: "v", is: "in" as const, values }));
  const where = [...long, { attribute: "id", is: "eq" as const, value: { S: "b" } }];
  const varied = where.map((one, at) => (one.is === "in" ? { ...one, values: [...values, { N: `1${at}00` }] } : one));
  const items = [`{"id":{"S":"b"},"v":{"N":"7"}}`, `{"id":{"S":"c"},"v":{"N":"7"}}`, `{"id":{"S":"b"},"v":{"N":"-7"}}`];
  const { lines, requests } = await filtered(items, { where: varied });
  expect(lines).toEqual([`{"Item":${items[0]}}`]);
  expect(requests).toEqual([undefined]);
});
