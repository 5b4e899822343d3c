import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../base/index.ts";
import type { Coverage } from "../plan/coverage.ts";
import type { FoundExport } from "../plan/found-export.ts";
import type { ExportSummary } from "../plan/manifests.ts";
import { planExports } from "../plan/plan-exports.ts";
import { endMsOf, type ExportContent, type ExportOrder } from "./export-client.ts";
import { planRequests, titleOf, type KnownExport } from "./plan-requests.ts";

// Who asks and who reads decide each for itself; what is asked for must be what the reader goes on with.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOON = Date.parse("2026-03-01T12:00:00Z");
const place = { bucket: "raw", prefix: "orders" };
const RUNS = process.env["SLUICE_NIGHTLY"] === "true" ? 5_000 : 40;
const SEED = process.env["SLUICE_SEED"];

const OTHERS = "by somebody else ";

interface Job extends KnownExport {
  readonly token: string;
  readonly listedMs: number;
}

/** DynamoDB, as far as it matters to who asks: tokens, a list that lags behind, failures. */
class Exports {
  jobs: readonly Job[] = [];

  request({ content, token }: ExportOrder, job: Pick<Job, "startedMs" | "listedMs">): boolean {
    const same = this.jobs.find((one) => one.token === token);
    if (same !== undefined) return titleOf(same.content) === titleOf(content);
    this.jobs = [...this.jobs, { ...job, content, token, status: "running" }];
    return true;
  }

  /** Somebody else asks for a window, of any beginning. */
  meddle(fromMs: number, toMs: number, startedMs: number): void {
    const token = `${OTHERS}${this.jobs.length}`;
    const content = { kind: "window", fromMs, toMs } as const;
    this.jobs = [...this.jobs, { content, token, status: "running", startedMs, listedMs: startedMs }];
  }

  end(endedMs: number, statusOf: (job: Job) => KnownExport["status"]): void {
    this.jobs = this.jobs.map((job) => {
      const status = job.status === "running" ? statusOf(job) : job.status;
      return status === job.status ? job : { ...job, status, endedMs };
    });
  }
}

/** The channel that reads exports, with its memory: it finds folders, whatever DynamoDB lists. */
class Reader {
  #coverage: Coverage | undefined;
  readonly #settled = new Set<string>();
  /** Titles. */
  readonly taken = new Set<string>();

  get reachedMs(): number | undefined {
    return this.#coverage === undefined ? undefined : Date.parse(this.#coverage.coveredTo ?? "");
  }

  read(jobs: readonly Job[]): void {
    const found = jobs.filter(({ status, token }) => status !== "failed" && !this.#settled.has(token)).map(folderOf);
    const { units, settled } = planExports(found, this.#coverage, { table: "orders", requireFullExport: true });
    for (const { export: unit, after } of units) {
      this.#coverage = { ...after, settled: {} };
      this.taken.add(unit.folder);
    }
    for (const folder of settled) this.#settled.add(folder);
  }
}

function folderOf({ token, content, status }: Job): FoundExport {
  const isThere = status === "complete";
  return { folder: token, summary: isThere ? { tableId: "t", itemCount: 0, content: contentOf(content) } : undefined };
}

function contentOf(content: ExportContent): ExportSummary["content"] {
  if (content.kind === "full") return { kind: "full", time: iso(content.timeMs) };
  return { kind: "window", from: iso(content.fromMs), to: iso(content.toMs), view: "NEW_AND_OLD_IMAGES" };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

interface Asking {
  readonly nowMs: number;
  readonly everyMs: number;
  readonly earliestMs: number;
  readonly reader: Reader;
  readonly isKnown: (job: Job) => boolean;
  readonly listedMs: () => number;
  /** Whether the process dies before it asks, or before it has the answer. */
  readonly dies: (when: "before" | "after", order: ExportOrder) => boolean;
}

/** A run of who asks; tokens of those of which it got an answer. */
function ask(exports: Exports, { nowMs, everyMs, earliestMs, reader, ...how }: Asking): readonly string[] {
  const { reachedMs } = reader;
  const known = exports.jobs.filter((job) => how.isKnown(job) && endMsOf(job.content) > (reachedMs ?? -1));
  const { orders } = planRequests({
    table: "orders",
    tableId: "t",
    place,
    nowMs,
    recovery: { earliestMs, latestMs: nowMs - 5 * MINUTE_MS },
    reachedMs,
    known,
    wanted: { kind: "windows", everyMs },
  });
  const answered: string[] = [];
  for (const order of orders) {
    expectValid(order.content, nowMs);
    if (how.dies("before", order)) return answered;
    const job = { startedMs: nowMs, listedMs: how.listedMs() };
    if (!exports.request(order, job) || how.dies("after", order)) return answered;
    answered.push(order.token);
  }
  return answered;
}

test("a window of a day of which nobody got the answer, behind one that failed, is read and paid for once", () => {
  const exports = new Exports();
  const reader = new Reader();
  const start = NOON - 9 * HOUR_MS;
  let known: readonly string[] = [];
  const run = (hours: number, dies: Asking["dies"] = () => false): void => {
    const nowMs = start + hours * HOUR_MS;
    reader.read(exports.jobs);
    const how = { nowMs, everyMs: 15 * MINUTE_MS, earliestMs: 0, listedMs: () => start + 28 * HOUR_MS };
    const isKnown = ({ token, listedMs }: Job): boolean => known.includes(token) || listedMs <= nowMs;
    known = [...known, ...ask(exports, { ...how, reader, isKnown, dies })];
  };
  const complete = (): void => exports.end(start, () => "complete");
  run(0.1);
  complete();
  run(0.4);
  run(26, (when) => when === "after");
  exports.end(start + 26 * HOUR_MS, ({ content }) => (endMsOf(content) < NOON ? "failed" : "running"));
  for (const hours of [27, 29, 30, 31]) {
    run(hours);
    complete();
  }
  reader.read(exports.jobs);
  expect(exports.jobs.map(({ content, status }) => `${titleOf(content)} ${status}`)).toEqual([
    "full export 2026-03-01T03:00:00Z complete",
    "window 2026-03-01T03:00:00Z – 2026-03-01T03:15:00Z failed",
    "window 2026-03-01T03:15:00Z – 2026-03-02T03:15:00Z complete",
    "window 2026-03-01T03:00:00Z – 2026-03-01T03:15:00Z complete",
    "window 2026-03-02T03:15:00Z – 2026-03-02T05:45:00Z complete",
    "window 2026-03-02T05:45:00Z – 2026-03-02T07:45:00Z complete",
    "window 2026-03-02T07:45:00Z – 2026-03-02T08:45:00Z complete",
    "window 2026-03-02T08:45:00Z – 2026-03-02T09:45:00Z complete",
  ]);
  expect(iso(reader.reachedMs ?? 0)).toBe("2026-03-02T09:45:00.000Z");
});

test("a window of a day that somebody else asked for, across the end of what is in, does not end what is read", () => {
  const exports = new Exports();
  const reader = new Reader();
  const how = { everyMs: HOUR_MS, earliestMs: 0, reader, isKnown: () => true, listedMs: () => 0, dies: () => false };
  for (let nowMs = NOON; nowMs <= NOON + 30 * HOUR_MS; nowMs += HOUR_MS) {
    reader.read(exports.jobs);
    ask(exports, { ...how, nowMs });
    if (nowMs === NOON) exports.meddle(NOON - 23 * HOUR_MS, NOON + HOUR_MS, NOON + HOUR_MS);
    exports.end(nowMs, () => "complete");
  }
  reader.read(exports.jobs);
  expect(iso(reader.reachedMs ?? 0)).toBe("2026-03-02T17:45:00.000Z");
});

test("whatever fails, is lost, forgotten or meddled with: all is read, and no window is asked for twice under two tokens", () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(15, 17, 60, 600, 1_440), fc.boolean(), (seed, everyMinutes, isMeddled) => {
      const random = seededRandom(seed);
      const everyMs = everyMinutes * MINUTE_MS;
      const exports = new Exports();
      const reader = new Reader();
      let nowMs = NOON;
      let earliestMs = NOON - DAY_MS;
      let memory = new Set<string>();
      const listedMs = (): number => nowMs + random() * 40 * MINUTE_MS;
      for (let turn = 0; turn < 40; turn += 1) {
        nowMs += Math.floor(random() ** 3 * 40) * HOUR_MS + Math.floor(random() * 3_600) * 1_000;
        exports.end(nowMs, () => (random() < 0.4 ? "running" : random() < 0.25 ? "failed" : "complete"));
        if (random() < 0.7) reader.read(exports.jobs);
        if (random() < 0.1) memory = new Set();
        if (isMeddled && random() < 0.1) {
          const toMs = nowMs - 5 * MINUTE_MS - Math.floor(random() * 3_600) * 1_000;
          exports.meddle(toMs - 15 * MINUTE_MS - Math.floor(random() * 23 * 3_600) * 1_000, toMs, nowMs);
        }
        // Recovery was switched off and on.
        if (random() < 0.02) earliestMs = nowMs - 30 * MINUTE_MS;
        const isKnown = (job: Job): boolean => job.listedMs <= nowMs || memory.has(job.token);
        const how = { nowMs, everyMs, earliestMs, reader, isKnown, listedMs, dies: () => random() < 0.1 };
        for (const token of ask(exports, how)) memory.add(token);
      }
      for (let turn = 0; turn < 30; turn += 1) {
        nowMs += 13 * HOUR_MS;
        exports.end(nowMs, () => "complete");
        reader.read(exports.jobs);
        ask(exports, { nowMs, everyMs, earliestMs, reader, isKnown: () => true, listedMs, dies: () => false });
      }
      exports.end(nowMs, () => "complete");
      reader.read(exports.jobs);
      expect(nowMs - (reader.reachedMs ?? 0)).toBeLessThan(Math.max(everyMs, 25 * HOUR_MS) + HOUR_MS);
      expectAskedOnce(exports.jobs);
      // Of windows that somebody else asked for, across ours, nobody can say which will be there first.
      if (!isMeddled) expectRead(exports.jobs, reader);
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});

function expectValid(content: ExportContent, nowMs: number): void {
  expect(endMsOf(content)).toBeLessThanOrEqual(nowMs);
  expect(endMsOf(content) % 1_000).toBe(0);
  if (content.kind === "full") return;
  expect(content.fromMs % 1_000).toBe(0);
  expect(content.toMs - content.fromMs).toBeGreaterThanOrEqual(15 * MINUTE_MS);
  expect(content.toMs - content.fromMs).toBeLessThanOrEqual(DAY_MS);
}

/** Of a beginning there is one window, and one more for each time that it failed. */
function expectAskedOnce(jobs: readonly Job[]): void {
  const windows = windowsOf(jobs).filter(isOurs);
  for (const start of new Set(windows.map(({ content }) => content.fromMs))) {
    const failures = windowsOf(jobs).filter(({ content, status }) => status === "failed" && content.fromMs === start);
    const asked = windows.filter(({ content }) => content.fromMs === start);
    expect(asked.length).toBeLessThanOrEqual(failures.length + 1);
  }
}

/** What was paid for is read, and nothing is paid for twice. */
function expectRead(jobs: readonly Job[], { taken }: Reader): void {
  const made = windowsOf(jobs).filter(({ status }) => status !== "failed");
  const fulls = jobs.filter(({ content, token }) => content.kind === "full" && taken.has(token));
  for (const [index, one] of made.entries()) {
    expect(made.slice(index + 1).filter((later) => overlap(one, later))).toEqual([]);
    // Unless a full export leads over it: it goes over a hole that could not be restored any more, or is too short for a window.
    if (!taken.has(one.token)) expect(fulls.some(({ content }) => endMsOf(content) > one.content.fromMs)).toBe(true);
  }
}

type WindowJob = Job & { readonly content: Extract<ExportContent, { readonly kind: "window" }> };

function windowsOf(jobs: readonly Job[]): readonly WindowJob[] {
  return jobs.filter((one): one is WindowJob => one.content.kind === "window");
}

function isOurs({ token }: Job): boolean {
  return !token.startsWith(OTHERS);
}

function overlap({ content: one }: WindowJob, { content: other }: WindowJob): boolean {
  return one.fromMs < other.toMs && other.fromMs < one.toMs;
}
