import type { World } from "../../../src/base/index.ts";
import type {
  ExportAnswer,
  ExportClient,
  ExportContent,
  ExportFacts,
  ExportOrder,
  ExportPlace,
  Recovery,
} from "../../../src/sources/dynamodb/requests/export-client.ts";
import { endMsOf } from "../../../src/sources/dynamodb/requests/export-client.ts";
import { writeExport, type ExportContents } from "../../builders/dynamodb-export.ts";
import { item } from "../../builders/dynamodb-item.ts";
import { RecordedTable, type Mischief } from "./recorded-table.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A table whose every write is remembered with its moment, as point-in-time recovery does. */
export class RecoverableTable extends RecordedTable {
  readonly writes: { readonly atMs: number; readonly key: string; readonly value: string | undefined }[] = [];
  readonly #clock: World;

  constructor(world: World, mischief: Mischief) {
    super(world, mischief);
    this.#clock = world;
  }

  override put(key: string, value: string): void {
    super.put(key, value);
    this.writes.push({ atMs: this.#clock.nowMs(), key, value });
  }

  override delete(key: string): void {
    if (!this.items.has(key)) return;
    super.delete(key);
    this.writes.push({ atMs: this.#clock.nowMs(), key, value: undefined });
  }

  at(timeMs: number): ReadonlyMap<string, string> {
    const items = new Map<string, string>();
    for (const { atMs, key, value } of this.writes) {
      if (atMs >= timeMs) break;
      if (value === undefined) items.delete(key);
      else items.set(key, value);
    }
    return items;
  }
}

interface Job {
  readonly arn: string;
  readonly tableId: string;
  readonly token: string;
  readonly content: ExportContent;
  readonly startedMs: number;
  readonly endsMs: number;
  readonly listedMs: number;
  readonly fails: boolean;
  isWritten: boolean;
}

/** Exports of a recorded table to a folder: they take their time, fail, are listed late, and are known by their token. */
export class RecordedExports implements ExportClient {
  readonly where = "recorded exports";
  readonly jobs: Job[] = [];
  failures = 0;
  earliestMs: number;
  readonly #table: RecoverableTable;
  readonly #world: World;
  readonly #folder: string;
  readonly #random: () => number;

  constructor(
    table: RecoverableTable,
    { world, folder, random }: { readonly world: World; readonly folder: string; readonly random: () => number },
  ) {
    this.#table = table;
    this.#world = world;
    this.#folder = folder;
    this.#random = random;
    this.earliestMs = world.nowMs();
  }

  async describeTable(): ReturnType<ExportClient["describeTable"]> {
    return await this.#table.describeTable();
  }

  async recovery(): Promise<Recovery> {
    return { earliestMs: this.earliestMs, latestMs: this.#world.nowMs() - 5 * MINUTE_MS };
  }

  async list(): Promise<readonly string[]> {
    const nowMs = this.#world.nowMs();
    return this.jobs.filter(({ listedMs }) => listedMs <= nowMs).map(({ arn }) => arn);
  }

  async describe(arn: string): Promise<ExportFacts | undefined> {
    const job = this.jobs.find((one) => one.arn === arn);
    if (job === undefined) return undefined;
    const { tableId, content, startedMs, endsMs, fails } = job;
    const isOver = this.#world.nowMs() >= endsMs;
    if (isOver && !fails) this.#write(job);
    const ended = isOver ? { endedMs: endsMs } : {};
    const failed = isOver && fails ? { failure: "InternalError: no luck" } : {};
    const status = isOver ? (fails ? "failed" : "complete") : "running";
    const place = { bucket: "raw", prefix: "", isReadable: true };
    return { arn, tableId, content, status, startedMs, ...ended, ...failed, ...place };
  }

  async request(tableArn: string, { content, token }: ExportOrder, _to: ExportPlace): Promise<ExportAnswer> {
    const nowMs = this.#world.nowMs();
    const before = this.jobs.find((job) => job.token === token);
    if (before !== undefined) {
      const isSame = JSON.stringify(before.content) === JSON.stringify(content);
      return isSame ? { kind: "accepted", arn: before.arn } : { kind: "asked-before" };
    }
    if (this.#random() < 0.05) return { kind: "too-many" };
    this.#check(content, nowMs);
    const arn = `${tableArn}/export/${String(nowMs).padStart(14, "0")}-${this.jobs.length}`;
    const endsMs = nowMs + this.#random() * 50 * MINUTE_MS;
    const listedMs = nowMs + this.#random() ** 2 * 30 * MINUTE_MS;
    const fails = this.#random() < this.failures;
    const { id: tableId } = await this.#table.describeTable();
    const job = { arn, tableId, token, content, startedMs: nowMs, endsMs, listedMs, fails, isWritten: false };
    this.jobs.push(job);
    this.#put(job, "started");
    return { kind: "accepted", arn };
  }

  close(): void {}

  #check(content: ExportContent, nowMs: number): void {
    const lengthMs = content.kind === "full" ? DAY_MS : content.toMs - content.fromMs;
    const startMs = content.kind === "full" ? content.timeMs : content.fromMs;
    const isGood =
      lengthMs >= 15 * MINUTE_MS &&
      lengthMs <= DAY_MS &&
      startMs >= this.earliestMs - 1_000 &&
      endMsOf(content) <= nowMs &&
      [startMs, endMsOf(content)].every((ms) => ms % 1_000 === 0);
    if (!isGood) throw new Error(`DynamoDB makes no such export: ${JSON.stringify(content)}`);
  }

  #write(job: Job): void {
    if (job.isWritten) return;
    this.#put(job, "finished");
    job.isWritten = true;
  }

  #put({ arn, tableId, content }: Job, state: "started" | "finished"): void {
    const id = arn.slice(arn.lastIndexOf("/") + 1);
    const contents = content.kind === "full" ? this.#full(content.timeMs) : this.#window(content);
    writeExport(this.#folder, contents, { table: "t", tableId, id, prefix: "", state });
  }

  #full(timeMs: number): ExportContents {
    const items = [...this.#table.at(timeMs)].map(([id, value]) => imageOf(id, value));
    return { full: timeMs, items };
  }

  #window({ fromMs, toMs }: Extract<ExportContent, { kind: "window" }>): ExportContents {
    const [before, after] = [this.#table.at(fromMs), this.#table.at(toMs)];
    const last = new Map<string, number>();
    for (const { atMs, key } of this.#table.writes) if (atMs >= fromMs && atMs < toMs) last.set(key, atMs);
    const events = [...last].flatMap(([key, at]) => {
      const [was, is] = [before.get(key), after.get(key)];
      if (was === undefined && is === undefined) return [];
      const images = {
        ...(was === undefined ? {} : { before: imageOf(key, was) }),
        ...(is === undefined ? {} : { after: imageOf(key, is) }),
      };
      return [{ at, keys: item({ id: key }), ...images }];
    });
    return { from: fromMs, to: toMs, events };
  }
}

function imageOf(id: string, value: string): ReturnType<typeof item> {
  return { ...item({ id }), v: { N: value } };
}
