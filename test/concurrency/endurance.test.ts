import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { realWorld, seededRandom } from "../../src/base/index.ts";
import { DeltaTable } from "../../src/lake/delta-door.ts";
import { localStore, s3Store, type ObjectStore } from "../../src/storage/index.ts";
import { requirePart, startDeltaRs, startSpark, type Judge } from "../services/judges.ts";
import { startFaultProxy, type ProxyFault } from "../services/fault-proxy.ts";
import { startVersityGw, type S3Server } from "../services/s3-servers.ts";
import { FIRST_ROW, judgeLedger, type LedgerVerdict } from "./ledger-verdict.ts";
import { keepLedger, type LedgerPlace } from "./ledger-writers.ts";

/** By night each loop runs ten minutes with eight writers and Spark is asked, too; by day it is a slice of some seconds. */
const IS_NIGHT = process.env["SLUICE_NIGHTLY"] === "true";
const LOOP_MS = 1_000 * Number(process.env["SLUICE_LOOP_SECONDS"] ?? (IS_NIGHT ? "600" : "1"));
const SEED = Number(process.env["SLUICE_SEED"] ?? "20261127");
/** For one answer about a log of thousands of versions, on a machine that is busy. */
const JUDGE_MS = IS_NIGHT ? 600_000 : 240_000;
/** What comes on top of the loop: starting, finishing, and all that judges the table. */
const LIMIT = { timeout: 2 * LOOP_MS + 3 * JUDGE_MS };

const WRITERS = ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7"];
const RACING = WRITERS.slice(0, IS_NIGHT ? 8 : 3);
const KILLED = WRITERS.slice(0, IS_NIGHT ? 4 : 2);

/** The share of requests that go wrong on their way, and how. */
const BREAKS = 0.04;
const BREAKAGES: readonly ProxyFault[] = [
  { kind: "lose-request" },
  { kind: "lose-answer" },
  { kind: "cut" },
  { kind: "repeat" },
  { kind: "answer", status: 503, code: "SlowDown" },
  { kind: "answer", status: 500, code: "InternalError", afterEffect: true },
];

let folder = "";
/** Started when a loop has ended, and by night gone before the next: they would wait through hours of loops. */
const judges: Judge[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-endurance-"));
});

afterAll(async () => {
  await dismissJudges();
  await rm(folder, { recursive: true, force: true });
});

describe("a table in a folder", () => {
  test("of writers at once has each of their operations exactly once (F10, F15)", LIMIT, async () => {
    const place = { path: join(folder, "race"), seed: SEED };
    expect(await endure("race in a folder", { place, store: localStore(place.path), writers: RACING })).toEqual([]);
  });

  test(
    "of writers that are killed at any moment has each of their operations exactly once (F1–F4)",
    LIMIT,
    async () => {
      const place = { path: join(folder, "kill"), seed: SEED + 1 };
      expect(
        await endure("kill -9 in a folder", { place, store: localStore(place.path), writers: KILLED, kills: true }),
      ).toEqual([]);
    },
  );
});

describe.skipIf(!requirePart("versitygw"))("a table in S3", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startVersityGw();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Writers may see the store through another endpoint than the judge does. */
  const placed = (
    name: string,
    seed: number,
    endpoint = server.endpoint,
  ): { place: LedgerPlace; store: ObjectStore } => {
    const url = `s3://${server.bucket}/${name}`;
    const store = s3Store({ url, endpoint: server.endpoint }, { world: realWorld() });
    return { place: { path: url, s3: { endpoint, pathStyle: true }, seed }, store };
  };

  test("of writers at once has each of their operations exactly once (F10, F15)", LIMIT, async () => {
    expect(await endure("race in S3", { ...placed("race", SEED + 2), writers: RACING })).toEqual([]);
  });

  test(
    "of writers that are killed at any moment has each of their operations exactly once (F1–F4)",
    LIMIT,
    async () => {
      expect(await endure("kill -9 in S3", { ...placed("kill", SEED + 3), writers: KILLED, kills: true })).toEqual([]);
    },
  );

  test("of writers whose connections break has each of their operations exactly once (F16, F19)", LIMIT, async () => {
    await using proxy = await startFaultProxy(server.port);
    const random = seededRandom(SEED + 4);
    let broken = 0;
    proxy.onRequest = () => {
      const fault = random() < BREAKS ? BREAKAGES[Math.floor(random() * BREAKAGES.length)] : undefined;
      broken += fault === undefined ? 0 : 1;
      return fault;
    };
    const loop = { ...placed("broken", SEED + 4, proxy.endpoint), writers: RACING };
    expect(await endure("race in S3 over connections that break", loop)).toEqual([]);
    process.stderr.write(`connections: ${broken} of ${proxy.requests.length} requests broken\n`);
    expect(broken).toBeGreaterThan(0);
  });
});

interface Loop {
  readonly place: LedgerPlace;
  readonly store: ObjectStore;
  readonly writers: readonly string[];
  readonly kills?: boolean;
}

/** Runs one loop and has the table judged: by the ledger, by the log alone, and by other engines. Gives what is wrong. */
async function endure(what: string, { place, store, writers, kills = false }: Loop): Promise<readonly string[]> {
  const { path, s3, seed } = place;
  const properties = { "delta.checkpointInterval": "10" };
  const schema = { writer: "string", number: "long", note: "string" } as const;
  {
    await using table = await DeltaTable.create(path, { schema, properties, ...(s3 === undefined ? {} : { s3 }) });
    await table.append([FIRST_ROW]);
  }
  const random = seededRandom(seed);
  const killing = kills ? { killAfterMs: () => 50 + random() * Math.min(LOOP_MS / 3, 1_950) } : {};
  const run = await keepLedger({ ...place, writers, forMs: LOOP_MS, ...killing });
  const verdict = await judgeLedger(store, { seed, told: run.told, folder });
  const summary = {
    operations: verdict.operations,
    versions: verdict.version + 1,
    rows: verdict.rows,
    kills: run.kills,
  };
  process.stderr.write(`${what}: ${LOOP_MS / 1_000} s, SLUICE_SEED=${SEED}: ${JSON.stringify(summary)}\n`);
  const faults = kills && run.kills === 0 ? [...verdict.faults, "nobody was killed"] : [...verdict.faults];
  await callJudges();
  const here = judges.length === 0 ? "" : await copyHere(store);
  for (const judge of judges) faults.push(...(await faultsSeenBy(judge, here, verdict)));
  if (IS_NIGHT) await dismissJudges();
  return faults;
}

async function callJudges(): Promise<void> {
  if (judges.length > 0) return;
  const deadline = { requestTimeoutMs: JUDGE_MS };
  if (requirePart("delta-1.6.6")) judges.push(await startDeltaRs("1.6.6", deadline));
  if (IS_NIGHT && requirePart("spark")) judges.push(await startSpark({ ...deadline, startTimeoutMs: JUDGE_MS }));
}

async function dismissJudges(): Promise<void> {
  await Promise.all(judges.splice(0).map((judge) => judge.close()));
}

async function faultsSeenBy(judge: Judge, path: string, wanted: LedgerVerdict): Promise<readonly string[]> {
  const started = performance.now();
  const { count, sha256 } = await judge.rows(path, { limitRows: 0 });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stderr.write(`  ${judge.engine.name} ${judge.engine.version}: ${count} rows in ${seconds} s\n`);
  return sha256 === wanted.sha256 ? [] : [`${judge.engine.name} sees ${count} other rows`];
}

/** Spark comes without S3, and paths in a log are relative: it is given a copy. */
async function copyHere(store: ObjectStore): Promise<string> {
  if (store.localFolder !== undefined) return store.localFolder;
  const copy = await mkdtemp(join(folder, "copy-"));
  for await (const { path } of store.list("")) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), await store.read(path));
  }
  return copy;
}
