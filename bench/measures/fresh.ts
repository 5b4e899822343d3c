import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { startDynamoDbLocal, type DynamoDbServer } from "../../test/services/dynamodb-local.ts";
import { partsAvailable } from "../../test/services/parts.ts";
import { freshFolder, type BenchContext, type Measured } from "../bench-context.ts";
import { fillOrders, type Item } from "../data/live-table.ts";
import { atMost, figureOf } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";

/** DynamoDB Local keeps its items in memory: no more than these. */
const ITEMS_MAX = 300_000;
/** Writes a second, one after the other. */
const RATE = 50;
const SECONDS_MAX = 120;
const MEMORY = "384MB";
const RESIDENT_MOST = atMost(768, " MB");
const NOTE = "x".repeat(300);

/** How long a write takes to be a row in Silver while a lake is kept fresh, and what that takes of memory. */
export async function keptFresh(context: BenchContext): Promise<Measured> {
  const { available, reason } = partsAvailable("dynamodb-local");
  if (!available) {
    console.error(`  SKIPPED: DynamoDB Local: ${reason}`);
    return { findings: [], samples: {} };
  }
  await using server = await startDynamoDbLocal();
  const items = Math.min(ITEMS_MAX, context.items);
  // A small measure is a short one.
  const seconds = Math.min(SECONDS_MAX, Math.max(15, items / 2_000));
  await fillOrders(server, items, (index) => itemOf(`o-${index}`));
  const findings = [];
  const samples = [];
  for (const flushSeconds of [1, 5]) {
    const folder = await freshFolder(context, "fresh");
    const [ready, stop, lake] = [join(folder, "ready"), join(folder, "stop"), join(folder, "lake")];
    const request = { endpoint: server.endpoint, lake, table: "orders", memory: MEMORY, threads: context.threads };
    const flush = `${flushSeconds} seconds`;
    const keeping = measureSubject("kept-fresh", { ...request, items, flush, ready, stop });
    const isOver = keeping.then(
      () => true,
      () => true,
    );
    while (!existsSync(ready)) if (await Promise.race([isOver, delay(200).then(() => false)])) break;
    const acknowledged = await write(server, { flushSeconds, seconds });
    await delay(flushSeconds * 1_000 + 5_000);
    writeFileSync(stop, "");
    const { answer: _, ...usage } = await keeping;
    samples.push(usage);
    const waits = await waitsOf(join(lake, "silver", "orders"), acknowledged);
    const title = `${RATE} writes/s into a table of ${items} items, flush ${flush}`;
    const unit = " s";
    const target = atMost(flushSeconds + 2, unit);
    findings.push(
      figureOf(
        { id: `fresh-${flushSeconds}-p50`, title: `${title}: acknowledged → in Silver, median` },
        at(waits, 0.5),
        { unit },
      ),
      figureOf({ id: `fresh-${flushSeconds}-p95`, title: `${title}: acknowledged → in Silver, p95` }, at(waits, 0.95), {
        unit,
        target,
      }),
      figureOf({ id: `fresh-${flushSeconds}-memory`, title: `${title}: resident at most` }, usage.peakBytes / 1e6, {
        unit: " MB",
        target: RESIDENT_MOST,
      }),
    );
  }
  return { findings, samples: { "fresh sluice": samples } };
}

/** Seconds from each write to the commit that shows it; fails where one never came. */
async function waitsOf(silver: string, acknowledged: ReadonlyMap<string, number>): Promise<readonly number[]> {
  const waits: number[] = [];
  await using table = await DeltaTable.open(silver);
  for await (const rows of table.changes(0)) {
    for (const row of rows) {
      const writtenMs = acknowledged.get(String(row["id"]));
      if (writtenMs === undefined) continue;
      const commit = `${String(row["_commit_version"]).padStart(20, "0")}.json`;
      waits.push((statSync(join(silver, "_delta_log", commit)).mtimeMs - writtenMs) / 1_000);
    }
  }
  if (waits.length !== acknowledged.size) throw new Error(`${acknowledged.size} writes, ${waits.length} rows of them`);
  return waits.toSorted((one, other) => one - other);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** New items at a steady pace; gives when each was acknowledged. */
async function write(
  { client }: DynamoDbServer,
  { flushSeconds, seconds }: { readonly flushSeconds: number; readonly seconds: number },
): Promise<ReadonlyMap<string, number>> {
  const acknowledged = new Map<string, number>();
  const startedMs = performance.now();
  for (let index = 0; index < RATE * seconds; index += 1) {
    const dueMs = startedMs + (index * 1_000) / RATE;
    if (dueMs > performance.now()) await delay(dueMs - performance.now());
    const id = `new-${flushSeconds}-${index}`;
    await client.send(new PutItemCommand({ TableName: "orders", Item: itemOf(id) }));
    acknowledged.set(id, Date.now());
  }
  return acknowledged;
}

function itemOf(id: string): Item {
  return { id: { S: id }, number: { N: "1" }, note: { S: NOTE } };
}
