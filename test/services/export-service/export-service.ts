import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { DynamoDbServer } from "../dynamodb-local.ts";
import type { S3Server } from "../s3-servers.ts";
import { exportTimeOf, newArn, upload, windowOf, type ExportedTable, type Job } from "./export-jobs.ts";
import { askLocal, type Json } from "./local-dynamodb.ts";
import { TableHistory } from "./table-history.ts";

const MINUTE_MS = 60_000;
const KEPT_MS = 24 * 60 * MINUTE_MS;
const PAGE = 25;
const STREAMS = "DynamoDBStreams_20120810.";
const TABLES = "DynamoDB_20120810.";

class Refusal extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/**
 * DynamoDB with exports to S3, over DynamoDB Local and an S3 server: full exports and windows of net changes in their documented layout,
 * point-in-time recovery, client tokens, failures on demand. It has a clock of its own that a test moves on, which streams follow, too: they
 * forget after a day of it. Everything else is DynamoDB Local's. Tables need a stream with both images from their beginning, and are made
 * before the clock is moved.
 */
export class ExportService implements AsyncDisposable {
  readonly jobs: Job[] = [];
  /** How often an export is described as in progress before it is over. */
  callsUntilDone = 0;
  /** So many of the next exports fail. */
  failures = 0;
  runningMax = 300;
  /** Whether requests of exports are done, and their answers lost. */
  losesAnswers = false;
  readonly #local: DynamoDbServer;
  readonly #s3: S3Server;
  readonly #tables = new Map<string, ExportedTable>();
  readonly #recovery = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #aheadMs = 0;

  private constructor(local: DynamoDbServer, s3: S3Server) {
    this.#local = local;
    this.#s3 = s3;
  }

  static async start(local: DynamoDbServer, s3: S3Server): Promise<ExportService> {
    const service = new ExportService(local, s3);
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    return service;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  nowMs(): number {
    return Date.now() + this.#aheadMs; // oxlint-disable-line no-restricted-properties
  }

  /** Moves the clock on: what was written so far was written before. */
  async advance(ms: number): Promise<void> {
    for (const { history } of this.#tables.values()) await history.catchUp(this.nowMs());
    this.#aheadMs += ms;
  }

  /** Switches point-in-time recovery on, from this moment, or off. */
  async recover(table: string, isOn: boolean): Promise<void> {
    await this.#table(table);
    if (isOn) this.#recovery.set(table, this.nowMs());
    else this.#recovery.delete(table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const target = String(request.headers["x-amz-target"]);
    try {
      const own = await this.#own(target, body);
      if (own === "lost") response.destroy();
      else if (own === undefined) await this.#forward(request, response, { target, body });
      else send(response, 200, own);
    } catch (error) {
      const [status, type] = error instanceof Refusal ? [400, error.type] : [500, "InternalServerError"];
      send(response, status, { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: String(error) });
    }
  }

  async #own(target: string, body: Buffer): Promise<Json | "lost" | undefined> {
    const read = (): Json => JSON.parse(body.toString()) as Json;
    switch (target) {
      case `${TABLES}ExportTableToPointInTime`: {
        const made = { ExportDescription: described(await this.#request(read())) };
        return this.losesAnswers ? "lost" : made;
      }
      case `${TABLES}DescribeExport`:
        return { ExportDescription: described(await this.#describe(String(read()["ExportArn"]))) };
      case `${TABLES}ListExports`:
        return this.#list(read());
      case `${TABLES}DescribeContinuousBackups`:
        return { ContinuousBackupsDescription: await this.#backups(nameOf(String(read()["TableName"]))) };
      default:
        return undefined;
    }
  }

  async #request(request: Json): Promise<Job> {
    const table = await this.#table(nameOf(String(request["TableArn"])));
    const token = String(request["ClientToken"]);
    const before = this.jobs.find((job) => job.token === token);
    if (before !== undefined && JSON.stringify(before.request) !== JSON.stringify(request))
      throw new Refusal("ExportConflictException", "The token was used for another export");
    if (before !== undefined) return before;
    this.#check(table.name, request);
    await table.history.catchUp(this.nowMs());
    const startedMs = this.nowMs();
    const arn = newArn(table, token, startedMs);
    const callsLeft = this.callsUntilDone;
    const job: Job = { arn, token, request, table, startedMs, callsLeft, status: "IN_PROGRESS" };
    await upload(this.#s3, job, "started");
    this.jobs.push(job);
    return job;
  }

  #check(table: string, request: Json): void {
    const earliestMs = this.#recovery.get(table);
    if (earliestMs === undefined)
      throw new Refusal("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled");
    const window = windowOf(request);
    const isWindow = request["ExportType"] === "INCREMENTAL_EXPORT";
    if (isWindow !== (window !== undefined)) throw new Refusal("ValidationException", "The type fits no window");
    const times = window === undefined ? [exportTimeOf(request)] : [window.fromMs, window.toMs];
    if (times.some((ms) => !Number.isSafeInteger(ms / 1_000)))
      throw new Refusal("ValidationException", "Times are whole seconds");
    const lengthMs = window === undefined ? KEPT_MS : window.toMs - window.fromMs;
    if (lengthMs < 15 * MINUTE_MS || lengthMs > KEPT_MS)
      throw new Refusal("ValidationException", "A window is 15 minutes to 24 hours long");
    if (times.some((ms) => ms < earliestMs - 1_000 || ms > this.nowMs()))
      throw new Refusal("InvalidExportTimeException", "The time is outside of the point in time recovery window");
    if (this.jobs.filter(({ status }) => status === "IN_PROGRESS").length >= this.runningMax)
      throw new Refusal("LimitExceededException", "Too many exports are under way");
  }

  async #describe(arn: string): Promise<Job> {
    const job = this.jobs.find((one) => one.arn === arn);
    if (job === undefined) throw new Refusal("ExportNotFoundException", "There is no such export");
    if (job.status !== "IN_PROGRESS") return job;
    if (job.callsLeft > 0) {
      job.callsLeft -= 1;
      return job;
    }
    job.endedMs = this.nowMs();
    if (this.failures > 0) {
      this.failures -= 1;
      job.status = "FAILED";
    } else {
      await upload(this.#s3, job, "finished");
      job.status = "COMPLETED";
    }
    return job;
  }

  #list({ TableArn: arn, NextToken: after }: Json): Json {
    const start = Number(after ?? 0);
    const all = this.jobs.filter(({ table }) => table.arn === arn);
    const page = all.slice(start, start + PAGE).map(({ arn: ExportArn, status, request }) => ({
      ExportArn,
      ExportStatus: status,
      ExportType: request["ExportType"],
    }));
    const more = start + PAGE < all.length ? { NextToken: String(start + PAGE) } : {};
    return { ExportSummaries: page, ...more };
  }

  async #backups(name: string): Promise<Json> {
    await this.#table(name);
    const fromMs = this.#recovery.get(name);
    const off = { PointInTimeRecoveryStatus: "DISABLED" };
    const on = {
      PointInTimeRecoveryStatus: "ENABLED",
      EarliestRestorableDateTime: (fromMs ?? 0) / 1_000,
      LatestRestorableDateTime: (this.nowMs() - 5 * MINUTE_MS) / 1_000,
    };
    return { ContinuousBackupsStatus: "ENABLED", PointInTimeRecoveryDescription: fromMs === undefined ? off : on };
  }

  async #table(name: string): Promise<ExportedTable> {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const { Table } = await askLocal(this.#local.endpoint, `${TABLES}DescribeTable`, { TableName: name });
    const { TableArn: arn, LatestStreamArn: stream } = Table as Readonly<Record<string, string>>;
    const history = new TableHistory(this.#local.endpoint, String(stream));
    const table = { name, arn: String(arn), id: idOf(Table as Json), history };
    this.#tables.set(name, table);
    return table;
  }

  /** DynamoDB Local answers; the times of its streams become those of this clock. */
  async #forward(
    { headers, method = "POST" }: IncomingMessage,
    response: ServerResponse,
    { target, body }: { readonly target: string; readonly body: Buffer },
  ): Promise<void> {
    const { host: _host, connection: _connection, "content-length": _length, ...rest } = headers;
    const asked = await fetch(this.#local.endpoint, { method, headers: rest as Record<string, string>, body });
    const text = await asked.text();
    const answer = asked.ok ? await this.#amended(target, text) : text;
    send(response, asked.status, answer);
  }

  async #amended(target: string, text: string): Promise<Json | string> {
    if (target === `${STREAMS}GetRecords`) return await this.#timed(JSON.parse(text) as Json);
    if (target !== `${TABLES}DescribeTable`) return text;
    const { Table } = JSON.parse(text) as { readonly Table: Json };
    return { Table: { ...Table, TableId: idOf(Table) } };
  }

  async #timed(answer: Json): Promise<Json> {
    for (const { history } of this.#tables.values()) await history.catchUp(this.nowMs());
    const records = (answer["Records"] as readonly { readonly dynamodb: Json }[]).flatMap((record) => {
      const sequence = String(record.dynamodb["SequenceNumber"]);
      const times = [...this.#tables.values()].map(({ history }) => history.timeOf(sequence));
      const timeMs = times.find((time) => time !== undefined) ?? this.nowMs();
      if (timeMs < this.nowMs() - KEPT_MS) return [];
      const ApproximateCreationDateTime = Math.floor(timeMs / 1_000);
      return [{ ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime } }];
    });
    return { ...answer, Records: records };
  }
}

function nameOf(arnOrName: string): string {
  return arnOrName.slice(arnOrName.lastIndexOf("/") + 1);
}

/** DynamoDB Local gives a table no id. */
function idOf({ TableArn: arn, CreationDateTime: madeAt }: Json): string {
  return `${nameOf(String(arn))}-${String(madeAt)}`;
}

function send(response: ServerResponse, status: number, body: Json | string): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function described({ arn, token, request, table, startedMs, status, endedMs }: Job): Json {
  const failed = { FailureCode: "S3AccessDenied", FailureMessage: "The bucket refused the export" };
  return {
    ...request,
    ExportArn: arn,
    ClientToken: token,
    TableId: table.id,
    ExportStatus: status,
    StartTime: startedMs / 1_000,
    ...(endedMs === undefined ? {} : { EndTime: endedMs / 1_000 }),
    ...(status === "FAILED" ? failed : {}),
  };
}
