import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { realWorld, seededRandom } from "../../src/base/index.ts";
import { planLake, type DynamoDbOptions, type Lake, type TablePlan } from "../../src/lake/index.ts";
import type { RunReport } from "../../src/orchestration/index.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../services/dynamodb-local.ts";
import { windowOf } from "../services/export-service/export-jobs.ts";
import { ExportService } from "../services/export-service/export-service.ts";
import { requirePart } from "../services/parts.ts";
import { startVersityGw, type S3Server } from "../services/s3-servers.ts";
import { LiveTable, orderItem } from "./live-table.ts";
import { ordersLake } from "./orders-lake.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const isNight = process.env["SLUICE_NIGHTLY"] === "true";
const SEED = Number(process.env["SLUICE_SEED"] ?? "20260301");
const STEPS = isNight ? 150 : 5;

const hasParts = requirePart("dynamodb-local") && requirePart("versitygw");

describe.skipIf(!hasParts)("exports that are asked for", { timeout: isNight ? 3_600_000 : 180_000 }, () => {
  let local: DynamoDbServer;
  let s3: S3Server;
  let service: ExportService;
  let folder: string;
  let table: LiveTable;
  let made = 0;

  beforeAll(async () => {
    [local, s3] = await Promise.all([startDynamoDbLocal(), startVersityGw()]);
  }, 90_000);

  afterAll(async () => {
    await Promise.all([local[Symbol.asyncDispose](), s3[Symbol.asyncDispose]()]);
  });

  beforeEach(async () => {
    made += 1;
    folder = await mkdtemp(join(tmpdir(), "sluice-asked-"));
    table = await LiveTable.create(local, `orders-${made}`);
    service = await ExportService.start(local, s3);
    await service.recover(table.name, true);
  });

  afterEach(async () => {
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** A process of its own: it knows what is in the lake, no more. */
  function openedLake(options: Partial<DynamoDbOptions> = {}): Lake {
    const place = { url: `s3://${s3.bucket}/raw-${made}`, endpoint: s3.endpoint, region: "us-east-1" };
    const source = { table: table.name, endpoint: service.endpoint, export: place, requestExports: true, ...options };
    return ordersLake(folder, source, { ...realWorld(), nowMs: () => service.nowMs() });
  }

  async function run(options?: Partial<DynamoDbOptions>): Promise<RunReport> {
    await using lake = openedLake(options);
    return await lake.run();
  }

  /** Runs until nothing is under way any more. */
  async function settle(options?: Partial<DynamoDbOptions>): Promise<RunReport> {
    for (let turn = 0; ; turn += 1) {
      await service.advance(MINUTE_MS);
      const report = await run(options);
      expect(report.tables[0]?.error?.message).toBeUndefined();
      if (report.tables[0]?.waiting.length === 0) return report;
      if (turn > 10) throw new Error(`It still waits: ${JSON.stringify(report.tables[0]?.waiting)}`);
    }
  }

  async function amounts(): Promise<ReadonlyMap<string, string>> {
    await using lake = openedLake();
    const rows = await rowsOf(lake, "select order_id, amount from silver.orders");
    return new Map(rows.map((row) => [String(row["order_id"]), String(row["amount"])]));
  }

  async function inTable(): Promise<ReadonlyMap<string, string>> {
    return new Map([...(await table.items())].map(([key, item]) => [key, Number(item["amount"]?.N).toFixed(2)]));
  }

  async function planned(): Promise<TablePlan | undefined> {
    await using lake = openedLake();
    return (await planLake(lake))[0];
  }

  function asked(): readonly string[] {
    return service.jobs.map(
      ({ request, status }) => `${windowOf(request) === undefined ? "full" : "window"} ${status}`,
    );
  }

  test("a run asks and goes on; later ones read what is complete", async () => {
    await table.writeAll([orderItem("a", "1.00"), orderItem("b", "2.00")]);
    await service.advance(40 * MINUTE_MS);
    service.callsUntilDone = 2;
    expect(await planned()).toMatchObject({
      step: { kind: "read", batches: [{ title: expect.stringMatching(/^request of full export 20/) }] },
      problem: undefined,
    });
    expect(asked()).toEqual([]);
    const first = await run();
    expect(first.tables[0]).toMatchObject({ outcome: "unchanged", error: undefined, rows: 0 });
    expect(first.tables[0]?.waiting[0]?.why).toBe("it is asked for now, and read by a later run");
    const second = await run();
    expect(second.tables[0]?.waiting[0]?.why).toMatch(/^asked for, in progress since 20/);
    await settle();
    expect(await amounts()).toEqual(new Map([["a", "1.00"], ["b", "2.00"]])); // prettier-ignore
    await table.put(orderItem("a", "3.00"));
    await table.delete("b");
    await service.advance(3 * HOUR_MS);
    await settle();
    expect(await amounts()).toEqual(new Map([["a", "3.00"]]));
    expect(asked()).toEqual(["full COMPLETED", "window COMPLETED"]);
  });

  test("they follow on a scan that was repeated, and bring what is newer", async () => {
    await table.writeAll([orderItem("a", "1.00"), orderItem("b", "2.00"), orderItem("c", "3.00")]);
    for (let time = 0; time < 3; time += 1) {
      const source = { table: table.name, endpoint: service.endpoint, scan: { every: "1 hour" } } as const;
      await using lake = ordersLake(folder, source, { ...realWorld(), nowMs: () => service.nowMs() });
      await lake.run();
      await service.advance(HOUR_MS);
    }
    await table.put(orderItem("a", "5.00"));
    await table.delete("b");
    await service.advance(HOUR_MS);
    await settle();
    expect(await amounts()).toEqual(new Map([["a", "5.00"], ["c", "3.00"]])); // prettier-ignore
    await table.put(orderItem("c", "6.00"));
    await service.advance(3 * HOUR_MS);
    await settle();
    expect(await amounts()).toEqual(new Map([["a", "5.00"], ["c", "6.00"]])); // prettier-ignore
  });

  test("without point-in-time recovery the table stops, and the command is told", async () => {
    await service.recover(table.name, false);
    const report = await run();
    expect(report.tables[0]).toMatchObject({ outcome: "failed", error: { code: "source.invalid" } });
    expect(report.tables[0]?.error?.advice).toContain(`update-continuous-backups --table-name ${table.name}`);
    await service.recover(table.name, true);
    await service.advance(HOUR_MS);
    await settle();
    expect(asked()).toEqual(["full COMPLETED"]);
  });

  test("whatever is lost or fails between the steps, windows tile and Silver is the table", async () => {
    process.stderr.write(`exports: SLUICE_SEED=${SEED}\n`);
    const random = seededRandom(SEED);
    const every = { requestExports: { every: "20 min" } } as const;
    const write = async (): Promise<void> => {
      for (let change = 0; change < 6; change += 1) {
        const key = `k${Math.floor(random() * 12)}`;
        if (random() < 0.3) await table.delete(key);
        else await table.put(orderItem(key, `${Math.floor(random() * 1_000)}.25`));
      }
    };
    for (let step = 0; step < STEPS; step += 1) {
      await write();
      await service.advance(Math.floor(random() ** 2 * 30 * HOUR_MS));
      await write();
      service.failures = random() < 0.3 ? 1 : 0;
      service.callsUntilDone = Math.floor(random() * 3);
      service.runningMax = random() < 0.2 ? 1 : 300;
      // DynamoDB does what it was asked for, and the process never knows.
      service.losesAnswers = random() < 0.3;
      await run(every);
      service.losesAnswers = false;
      if (random() < 0.2)
        await rm(join(folder, "lake/system/batches/orders/progress"), { recursive: true, force: true });
    }
    Object.assign(service, { failures: 0, runningMax: 300 });
    for (let turn = 0; turn < 2; turn += 1) {
      await service.advance(25 * HOUR_MS);
      await run(every);
    }
    await settle(every);
    expect(await amounts()).toEqual(await inTable());
    const windows = service.jobs
      .filter(({ status }) => status === "COMPLETED")
      .flatMap(({ request }) => windowOf(request) ?? [])
      .toSorted((one, other) => one.fromMs - other.fromMs);
    expect(windows.length).toBeGreaterThan(2);
    expect(windows.slice(1).map(({ fromMs }) => fromMs)).toEqual(windows.slice(0, -1).map(({ toMs }) => toMs));
    expect(asked().filter((one) => one === "full COMPLETED")).toHaveLength(1);
  });

  test("beside a stream one full export joins the two, and what the stream forgets is filled in a new epoch", async () => {
    const stream = { stream: true } as const;
    await table.writeAll(["a", "b", "c", "d"].map((key) => orderItem(key, "1.00")));
    // The stream has forgotten the beginning: a snapshot of it must be five minutes younger than what it still has.
    await service.advance(25 * HOUR_MS);
    await table.put(orderItem("a", "2.00"));
    await settle(stream);
    expect(await amounts()).toEqual(await inTable());
    await service.advance(20 * MINUTE_MS);
    const quiet = await run(stream);
    expect(quiet.tables.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
    expect(asked()).toEqual(["full COMPLETED"]);

    await table.put(orderItem("e", "5.00"));
    await table.delete("b");
    await service.advance(30 * HOUR_MS);
    await table.put(orderItem("c", "6.00"));
    service.losesAnswers = true;
    expect((await run(stream)).tables[0]?.error?.code).toBe("source.unavailable");
    service.losesAnswers = false;
    const told = await run(stream);
    expect(told.tables[0]?.error?.message).toBeUndefined();
    await settle(stream);
    expect(await amounts()).toEqual(await inTable());
    expect(asked()).toEqual(["full COMPLETED", "window COMPLETED"]);

    // What was taken in just before the gap may be gone in it: no window tells of that.
    await table.put(orderItem("f", "7.00"));
    await run(stream);
    await table.delete("f");
    await service.advance(27 * HOUR_MS);
    await settle(stream);
    expect(await amounts()).toEqual(await inTable());
    expect(asked()).toEqual(["full COMPLETED", "window COMPLETED", "full COMPLETED"]);
    await using lake = openedLake(stream);
    expect(await rowsOf(lake, "select distinct left(_sequence, 4) as epoch from bronze.orders order by 1")).toEqual([
      { epoch: "0000" },
      { epoch: "0001" },
      { epoch: "0002" },
    ]);
  });
});

async function rowsOf(lake: Lake, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Readonly<Record<string, unknown>>[] = [];
  for await (const batch of lake.query(sql)) rows.push(...batch);
  return rows;
}
