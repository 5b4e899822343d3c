import { beforeEach, describe, expect, test } from "vitest";
import { simulatedWorld, type World } from "../../../base/index.ts";
import type { BatchManifest } from "../../../contract/index.ts";
import { memoryStore } from "../../../storage/index.ts";
import { ScanThreads } from "../scan/scan-threads.ts";
import { RaisedRead } from "./raised-read.ts";
import { ReadBudget } from "./read-budget.ts";
import { scanChannel } from "./scan-channel.ts";
import { encodeScan, newScan, withPage } from "./scan-state.ts";
import type { TableCapacity } from "./table-capacity.ts";
import type { TableClient, TableFacts } from "./table-client.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A provisioned table: changes take a minute, and only four decreases a day are free. */
class PaidTable {
  readonly world: World = simulatedWorld(3);
  readonly notes = memoryStore({ world: this.world });
  readonly changes: number[] = [];
  read = 5;
  tag: number | undefined;
  decreases = 0;
  decreasedMs: number | undefined;
  onDemand: { readonly readMost: number | undefined } | undefined;
  accountMost: number | undefined;
  /** A request that fails, by its name. */
  fails: string | undefined;
  #readyMs = 0;

  get client(): TableClient {
    const client = {
      where: "here",
      describeTable: async () => await Promise.resolve(this.facts),
      capacity: {
        change: async ({ read, write }: { read: number; write: number }) => {
          this.#mayFail("change");
          expect([write, this.world.nowMs() >= this.#readyMs]).toEqual([7, true]);
          if (read < this.read && this.#lowersFrom() > this.world.nowMs())
            return await Promise.resolve("later" as const);
          if (read < this.read) [this.decreases, this.decreasedMs] = [this.decreases + 1, this.world.nowMs()];
          this.read = read;
          this.changes.push(read);
          this.#readyMs = this.world.nowMs() + MINUTE_MS;
          return "asked" as const;
        },
        raisedFrom: async () => await Promise.resolve(this.tag),
        keep: async (_arn: string, from: number | undefined) => {
          this.#mayFail("keep");
          await Promise.resolve();
          this.tag = from;
        },
        tableReadMost: async () => await Promise.resolve(this.accountMost),
      },
    };
    return client as unknown as TableClient;
  }

  get facts(): TableFacts {
    const { read, decreases, decreasedMs } = this;
    const isActive = this.world.nowMs() >= this.#readyMs;
    const capacity: TableCapacity =
      this.onDemand === undefined
        ? { kind: "provisioned", read, write: 7, isActive, decreases, decreasedMs }
        : { kind: "on-demand", ...this.onDemand };
    return { arn: "arn:table/orders", id: "t", keys: ["id"], createdMs: 0, items: 900, sizeBytes: 1, capacity };
  }

  raised(): RaisedRead {
    return new RaisedRead(this.client, { world: this.world, notes: this.notes }, 500);
  }

  #lowersFrom(): number {
    return this.decreases < 4 ? 0 : (this.decreasedMs ?? 0) + HOUR_MS;
  }

  #mayFail(what: string): void {
    if (this.fails === what) throw new Error(`killed at ${what}`);
  }
}

let table: PaidTable;

beforeEach(() => {
  table = new PaidTable();
});

describe("read capacity that is raised for a scan", () => {
  test("is there when the scan begins, is kept with the table, and is put back", async () => {
    const raised = table.raised();
    expect((await raised.raise()).capacity).toMatchObject({ read: 500, isActive: true });
    expect([table.read, table.tag]).toEqual([500, 5]);
    await raised.raise();
    expect(await raised.putBack()).toEqual([]);
    expect([table.read, table.tag, table.changes]).toEqual([5, undefined, [500, 5]]);
  });

  test.each(["change", "keep"])("a process that dies at its %s is followed by one that puts it back", async (fails) => {
    table.fails = fails;
    await expect(table.raised().raise()).rejects.toThrow("killed");
    table.fails = undefined;
    await table.raised().raise();
    const next = table.raised();
    // The one that raised it may be at work still.
    expect(await next.left(table.facts)).toBeUndefined();
    await table.world.sleep(6 * MINUTE_MS);
    expect(await next.left(table.facts)).toBe(5);
    expect(await next.putBack()).toEqual([]);
    expect([table.read, table.tag]).toEqual([5, undefined]);
  });

  test("is put back by the last of two scans at once, and the first one to end says so", async () => {
    const [first, second] = [table.raised(), table.raised()];
    await first.raise();
    await second.raise();
    expect(await first.putBack()).toMatchObject([
      {
        what: "read capacity of orders",
        why: expect.stringMatching(/^stays raised while others work with it;.* to 5 /),
      },
    ]);
    expect([table.read, table.tag]).toEqual([500, 5]);
    expect(await second.putBack()).toEqual([]);
    expect([table.read, table.tag, table.changes]).toEqual([5, undefined, [500, 5]]);
  });

  test("stays as somebody else set it meanwhile, which is said", async () => {
    const raised = table.raised();
    await raised.raise();
    table.read = 50;
    expect(await raised.putBack()).toMatchObject([{ why: expect.stringMatching(/^was set to 50 by somebody else/) }]);
    expect([table.read, table.tag]).toEqual([50, undefined]);
  });

  test("is not raised where it could not be put back soon, and the plan says so", async () => {
    [table.decreases, table.decreasedMs] = [4, table.world.nowMs() - 10 * MINUTE_MS];
    const raised = table.raised();
    expect(raised.planned(table.facts).notice?.why).toMatch(
      /^is not raised: it was lowered often today, and cannot be before \d{4}-/,
    );
    await raised.raise();
    expect([table.read, table.tag]).toEqual([5, undefined]);
    await table.world.sleep(HOUR_MS);
    await raised.raise();
    expect(table.read).toBe(500);
  });

  test("stays where the day's decreases are used up meanwhile, until a run that may put it back", async () => {
    const raised = table.raised();
    await raised.raise();
    [table.decreases, table.decreasedMs] = [4, table.world.nowMs()];
    expect(await raised.putBack()).toMatchObject([
      { what: "read capacity of orders", why: expect.stringMatching(/^is put back to 5 by a run after /) },
    ]);
    expect([table.read, table.tag]).toEqual([500, 5]);
    await table.world.sleep(HOUR_MS);
    expect(await table.raised().putBack()).toEqual([]);
    expect([table.read, table.tag]).toEqual([5, undefined]);
  });

  test("has no meaning where a table is paid by the request", async () => {
    table.onDemand = { readMost: undefined };
    const raised = table.raised();
    expect(raised.planned(table.facts).notice?.why).toBe("is not raised: the table is paid by the request");
    await raised.raise();
    expect(await raised.putBack()).toEqual([]);
    expect(table.changes).toEqual([]);
  });
});

describe("a scan that is planned", () => {
  const options = { table: "orders", keys: ["id"], hints: [], hasStream: false };

  async function planned(last?: BatchManifest) {
    const { client, world } = table;
    const needs = { client, world, budget: new ReadBudget(world, { share: 0.25 }), raised: table.raised() };
    const channel = scanChannel(options, { needs, hints: new Map(), threads: new ScanThreads() });
    return { channel, plan: await channel.plan({ last }) };
  }

  test("says what its share comes to once the capacity is raised, and about how much there is to read", async () => {
    const { plan } = await planned();
    expect(plan.batches).toMatchObject([
      {
        title: expect.stringMatching(
          /^scan \S+, 25 % of 500 provisioned = 125 read units a second, read capacity raised to 500$/,
        ),
        records: 900,
      },
    ]);
  });

  test("that is over puts back what a killed run left raised, and nothing else", async () => {
    const start = newScan({ tableId: "t", epoch: 0, nowMs: table.world.nowMs(), segments: 1, expected: 9 });
    const whole = encodeScan(withPage(start, { segment: 0, lastKey: undefined, items: 9 }));
    expect((await planned({ end: whole } as BatchManifest)).plan.batches).toEqual([]);
    await table.raised().raise();
    await table.world.sleep(6 * MINUTE_MS);
    const { channel, plan } = await planned({ end: whole } as BatchManifest);
    expect(plan.batches).toMatchObject([{ title: "read capacity put back to 5", records: 0 }]);
    expect(await channel.finish?.()).toEqual([]);
    expect(table.read).toBe(5);
  });
});

describe("a share of what a table can be read with", () => {
  test.each([
    [undefined, 80_000, "10 % of 5 provisioned = 1 read units a second"],
    [{ readMost: 2_000 }, 80_000, "10 % of the table's limit of 2000 = 200 read units a second"],
    [{ readMost: undefined }, 80_000, "10 % of the account's limit of 80000 a table = 8000 read units a second"],
    [{ readMost: undefined }, undefined, "10 % of the 40000 that AWS allows a table = 4000 read units a second"],
  ])("%o, account %o: %s", async (onDemand, account, says) => {
    [table.onDemand, table.accountMost] = [onDemand, account];
    const budget = new ReadBudget(table.world, { share: 0.1 });
    expect(budget.limit).toBeUndefined();
    expect(await budget.fit(table.client, table.facts)).toBe(says);
    expect(budget.limit?.perSecond).toBe(Number(/= (\d+)/.exec(says)?.[1]));
  });

  test("is another one when the table's capacity is", async () => {
    const budget = new ReadBudget(table.world, { share: 0.5 });
    await budget.fit(table.client, table.facts);
    const before = budget.limit;
    await budget.fit(table.client, table.facts);
    expect(budget.limit).toBe(before);
    table.read = 100;
    await budget.fit(table.client, table.facts);
    expect(budget.limit?.perSecond).toBe(50);
  });
});
