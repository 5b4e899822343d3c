import { join } from "node:path";
import { startDynamoDbLocal } from "../../test/services/dynamodb-local.ts";
import { startFaultProxy, type FaultProxy } from "../../test/services/fault-proxy.ts";
import { partsAvailable } from "../../test/services/parts.ts";
import { freshFolder, memoryBytes, type BenchContext, type Measured } from "../bench-context.ts";
import { fillOrders } from "../data/live-table.ts";
import { atLeast, atMost, figureOf, type Finding } from "../finding.ts";
import { measureSubject } from "../measure-process.ts";
import { leastIn, mostIn, type Use } from "../sliding.ts";

/** Read units a second that a scan may use, and what the table gives where it is short of them. */
const CAP = 400;
const SHORT = 150;
const SHORT_MS = 60_000;
/** A limit that was refused is whole again after so long. */
const RECOVERY_MS = 20_000;
const MINUTE_MS = 60_000;
/** What the table holds, in seconds of the budget: more than a batch. */
const SECONDS = 210;
/** `fillOrders` puts so many at once. */
const FILLED = 100;
/** A unit reads 8 KB, eventually consistent. */
const UNIT_BYTES = 8_192;
const NOTE = "x".repeat(99_000);
const MOST = atMost(105, " %");
const LEAST = atLeast(95, " %");

/** What a scan that is kept to a budget takes of it in each minute, by what the server says that it used; metered between the two. */
export async function readBudget(context: BenchContext): Promise<Measured> {
  const { available, reason } = partsAvailable("dynamodb-local");
  if (!available) {
    console.error(`  SKIPPED: DynamoDB Local: ${reason}`);
    return { findings: [], samples: {} };
  }
  await using server = await startDynamoDbLocal();
  const items = Math.ceil((CAP * SECONDS * UNIT_BYTES) / NOTE.length / FILLED) * FILLED;
  await fillOrders(server, items, (at) => ({ id: { S: `o-${at}` }, amount: { N: `${at}.25` }, note: { S: NOTE } }));
  const scan = async (name: string, givenAt: (sinceMs: number) => number) => {
    await using proxy = await startFaultProxy(server.port);
    const uses = metered(proxy, givenAt);
    const lake = join(await freshFolder(context, name), "lake");
    const request = { endpoint: proxy.endpoint, lake, table: "orders", readCapacity: CAP };
    const { answer: _, ...usage } = await measureSubject("scan-capped", {
      ...request,
      items,
      memoryBytes: memoryBytes(context),
      threads: context.threads,
    });
    return { uses, usage };
  };
  const free = await scan("budget", () => Infinity);
  const short = await scan("budget-short", (sinceMs) => (sinceMs < SHORT_MS ? SHORT : Infinity));
  const title = `Scan of ${items} items, at most ${CAP} read units/s`;
  return {
    findings: [
      ...shares("budget", title, free.uses),
      ...shares(
        "budget-short",
        `${title}; the table gives ${SHORT} for a minute, then enough`,
        short.uses,
        SHORT_MS + RECOVERY_MS,
      ),
    ],
    samples: { "budget sluice": [free.usage], "budget-short sluice": [short.usage] },
  };
}

function percent(units: number): number {
  return (units / (CAP * 60)) * 100;
}

/** Of the budget of a minute: the most, and the least from some time on until the scan ends. */
function shares(id: string, title: string, uses: readonly Use[], fromMs = 0): readonly Finding[] {
  const unit = " %";
  return [
    figureOf({ id: `${id}-most`, title: `${title}: most in a minute` }, percent(mostIn(uses, MINUTE_MS)), {
      unit,
      target: MOST,
    }),
    figureOf({ id: `${id}-least`, title: `${title}: least in a minute` }, percent(leastIn(uses, MINUTE_MS, fromMs)), {
      unit,
      target: LEAST,
    }),
  ];
}

/** What each answer says that it used, from the first one on; what is asked for beyond what the table gives is refused. */
function metered(proxy: FaultProxy, givenAt: (sinceMs: number) => number): readonly Use[] {
  const uses: Use[] = [];
  let startedMs: number | undefined;
  proxy.onRequest = ({ kind }) => {
    if (kind !== "Scan") return undefined;
    startedMs ??= performance.now();
    const sinceMs = performance.now() - startedMs;
    const used = uses.reduce((sum, { atMs, units }) => (atMs > sinceMs - 1_000 ? sum + units : sum), 0);
    if (used < givenAt(sinceMs)) return undefined;
    return { kind: "answer", status: 400, code: "ProvisionedThroughputExceededException" };
  };
  proxy.onAnswer = ({ kind }, body) => {
    const units = /"CapacityUnits":([\d.]+)/.exec(body.toString("latin1"))?.[1];
    if (kind === "Scan" && units !== undefined && startedMs !== undefined)
      uses.push({ atMs: performance.now() - startedMs, units: Number(units) });
  };
  return uses;
}
