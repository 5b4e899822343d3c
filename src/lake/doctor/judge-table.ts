import { messageOf } from "../../base/index.ts";
import type { DynamoDbDefinition } from "../../definition/index.ts";
import type { Known, TableSurvey } from "../../sources/index.ts";
import { Findings, type Finding, type Wishes } from "./finding.ts";
import { byteText, count, longTime } from "./amount-texts.ts";
import { judgeKinesis } from "./judge-kinesis.ts";
import { judgeScan } from "./judge-scan.ts";
import { FIREHOSE_FRESHNESS_MS, landingOf } from "./landing-costs.ts";
import { EXPORT_FRESHNESS_MS, STREAM_KEEPS_MS } from "./recommend-landing.ts";

export interface JudgedTable {
  /** Its name in the lake. */
  readonly name: string;
  readonly source: DynamoDbDefinition;
  /** Whether a Silver table is made of it. */
  readonly feedsRows: boolean;
  readonly survey: TableSurvey;
  readonly wishes: Wishes;
}

/** What fits between a definition and the table that it names, and what will break. */
export function judgeTable(table: JudgedTable): readonly Finding[] {
  const findings = new Findings(table.name);
  const { survey } = table;
  findings.add(
    "ok",
    "size",
    `${count(survey.items, "item")}, ${byteText(survey.sizeBytes)} (as DynamoDB counts, every six hours)`,
  );
  judgeKeys(table, findings);
  judgeStream(table, findings);
  judgeExports(table, findings);
  judgeTtl(table, findings);
  judgeScan(table, findings);
  judgeWishes(table, findings);
  judgeKinesis({ ...table, outageMs: table.wishes.outageMs }, findings);
  judgeClock(survey, findings);
  return findings.all;
}

function judgeKeys({ source, survey }: JudgedTable, findings: Findings): void {
  const found = survey.keys.join(", ");
  if (found === source.keys.join(", ")) findings.add("ok", "keys", found);
  else
    findings.add("problem", "keys", `the table's key is (${found}), the definition says (${source.keys.join(", ")})`, `keys: ${JSON.stringify(survey.keys)}`); // prettier-ignore
}

function judgeStream({ source, survey, feedsRows }: JudgedTable, findings: Findings): void {
  const { stream, replicas } = survey;
  if (!source.stream) return;
  if (stream === undefined) {
    const next = `aws dynamodb update-table --table-name ${source.table} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`;
    findings.add("problem", "stream", "the table has none", next);
    return;
  }
  const { view } = stream;
  const isBare = !view.startsWith("NEW_");
  if (isBare && feedsRows && source.fetchItems === undefined)
    findings.add(
      "problem",
      "stream",
      `${view} has no new images: no Silver table can be made of it`,
      "fetchItems: true",
    );
  else if (isBare)
    findings.add("ok", "stream", `${view}${feedsRows ? ", whose items are fetched" : ", into Bronze alone"}`);
  else findings.add("ok", "stream", view === "NEW_IMAGE" ? `${view}: changes come without what was before` : view);
  openShards(stream.shards, findings);
  if (replicas.length > 0)
    findings.add("warning", "readers", `a global table (${replicas.join(", ")}): each shard should have one reader; a second one is throttled`); // prettier-ignore
}

function openShards(shards: Known<number>, findings: Findings): void {
  if ("value" in shards) findings.add("ok", "shards", count(shards.value, "open shard"));
  else findings.add("warning", "shards", unknownText(shards), "dynamodb:DescribeStream on the table's stream");
}

function judgeExports({ source, survey: { canExport } }: JudgedTable, findings: Findings): void {
  if (source.exports === undefined) return;
  if ("unknown" in canExport) {
    findings.add("warning", "recovery", unknownText(canExport), "dynamodb:DescribeContinuousBackups on the table");
  } else if (canExport.value) findings.add("ok", "recovery", "point-in-time recovery is on: the table can be exported");
  else {
    const next = `aws dynamodb update-continuous-backups --table-name ${source.table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`;
    findings.add("problem", "recovery", "point-in-time recovery is off: nothing can be exported", next);
  }
}

function judgeTtl({ source, survey: { ttlAttribute: found } }: JudgedTable, findings: Findings): void {
  const { ttlAttribute: declared } = source;
  if ("unknown" in found) findings.add("warning", "ttl", unknownText(found), "dynamodb:DescribeTimeToLive on the table");
  else if (found.value === declared) findings.add("ok", "ttl", declared ?? "items do not expire");
  else if (found.value === undefined)
    findings.add("warning", "ttl", `the definition says "${declared}", and items of the table do not expire`, "take `ttl` away, or switch it on");
  else
    findings.add("warning", "ttl", `items expire by "${found.value}": without it deletes of snapshots and exports are not told apart`, `ttl: ${JSON.stringify(found.value)}`); // prettier-ignore
}

function judgeWishes({ source, wishes }: JudgedTable, findings: Findings): void {
  const flaw = freshnessFlaw(source, wishes.freshnessMs);
  if (flaw === undefined)
    findings.add("ok", "freshness", `${longTime(wishes.freshnessMs)} at most, where runs are as frequent`);
  else findings.add(flaw.level, "freshness", flaw.found, flaw.next);
  if (source.stream) judgeOutage(source, wishes.outageMs, findings);
}

type Flaw = Required<Omit<Finding, "subject" | "check">>;

/** Why records cannot be as fresh as wished. */
function freshnessFlaw(source: DynamoDbDefinition, freshnessMs: number): Flaw | undefined {
  const wished = `wished is ${longTime(freshnessMs)}`;
  switch (landingOf(source)) {
    case "stream":
    case "kinesis":
      return undefined;
    case "firehose": {
      if (freshnessMs >= FIREHOSE_FRESHNESS_MS) return undefined;
      const found = `Firehose delivers after five minutes unless told, ${wished}`;
      return { level: "warning", found, next: "BufferingHints.IntervalInSeconds of the delivery stream" };
    }
    case "export": {
      if (freshnessMs >= EXPORT_FRESHNESS_MS) return undefined;
      return { level: "problem", found: `exports are half an hour old at best, ${wished}`, next: 'landing: "stream"' };
    }
    case "scan":
      return scanFlaw(source, freshnessMs);
  }
}

function scanFlaw({ incremental, scan }: DynamoDbDefinition, freshnessMs: number): Flaw | undefined {
  const { everyMs } = incremental ?? scan ?? {};
  // An index is read each run.
  if (incremental !== undefined && everyMs === undefined) return undefined;
  if (everyMs !== undefined && everyMs <= freshnessMs) return undefined;
  const found = `the table is scanned ${everyMs === undefined ? "once, and never again" : `each ${longTime(everyMs)}`}, wished is ${longTime(freshnessMs)}`;
  return { level: "problem", found, next: `scan: { every: "${scanTime(freshnessMs)}" }` };
}

function judgeOutage({ scan, exports }: DynamoDbDefinition, outageMs: number, findings: Findings): void {
  const wished = longTime(outageMs);
  const filler = scan === undefined ? (exports?.requests === undefined ? undefined : "an export") : "a new scan";
  if (outageMs <= STREAM_KEEPS_MS)
    findings.add("ok", "outage", `a pause of ${wished} is survived: a stream keeps a day`);
  else if (filler !== undefined) {
    const found = `after a pause of more than a day ${filler} fills the gap; what changed and changed back meanwhile is lost`;
    findings.add("ok", "outage", found);
  } else {
    const found = `a stream keeps a day, wished is ${wished}: after a longer pause the table stops until an export fills the gap`;
    findings.add("warning", "outage", found, "requestExports: true");
  }
}

/** Channels go by DynamoDB's clock where the two differ by more; what is made of their rows, and requests for exports, do not. */
const SKEW_WARNING_MS = 30_000;

function judgeClock({ aheadMs }: TableSurvey, findings: Findings): void {
  if (aheadMs === undefined) return;
  const apart = Math.abs(aheadMs);
  const text = `this machine's clock is ${longTime(apart)} ${aheadMs > 0 ? "ahead of" : "behind"} DynamoDB's`;
  if (apart < SKEW_WARNING_MS) findings.add("ok", "clock", "as DynamoDB's");
  else findings.add("warning", "clock", text, "timedatectl set-ntp true");
}

function unknownText(known: Extract<Known<unknown>, { unknown: unknown }>): string {
  return `could not be looked at: ${messageOf(known.unknown)}`;
}

/** As a definition takes a time. */
function scanTime(ms: number): string {
  return `${Math.max(1, Math.floor(ms / 60_000))} minutes`;
}
