import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RateLimit, simulatedWorld } from "../../../base/index.ts";
import { readPages } from "./read-pages.ts";
import { newScan } from "./scan-state.ts";
import { SourceFault, type ScanPage, type TableClient } from "./table-client.ts";

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
