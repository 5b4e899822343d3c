import { messageOf } from "../../base/index.ts";
import type { DynamoDbDefinition } from "../../definition/index.ts";
import type { Known, TableSurvey } from "../../sources/index.ts";
import { Findings, type Finding, type Wishes } from "./finding.ts";
import { landingOf, scanUnits } from "./landing-costs.ts";
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
  const { survey, source } = table;
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
  judgeKinesis(survey, findings);
  judgeClock(survey, source, findings);
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
  if ("value" in shards) findings.add("ok", "shards", `${count(shards.value, "open shard")}`);
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

function judgeScan({ source, survey, wishes }: JudgedTable, findings: Findings): void {
  const { scan } = source;
  const { capacity } = survey;
  const has = capacity.kind === "provisioned" ? capacity.read : undefined;
  findings.add(
    "ok",
    "capacity",
    has === undefined ? "paid by the request" : `${count(has, "read unit")} a second, provisioned`,
  );
  if (scan === undefined) return;
  const wanted = typeof scan.readCapacity === "number" ? scan.readCapacity : undefined;
  const share = typeof scan.readCapacity === "object" ? scan.readCapacity.share : undefined;
  if (has !== undefined && scan.readCapacity === undefined)
    findings.add("warning", "scan", "it takes all that the table has, and others are throttled meanwhile", 'scan: { readCapacity: "25%" }'); // prettier-ignore
  if (has !== undefined && wanted !== undefined && wanted > Math.max(has, scan.raiseTo ?? 0))
    findings.add("warning", "scan", `it may use ${count(wanted, "read unit")} a second, and the table has ${count(has, "read unit")}`, `raiseTo: ${wanted}`); // prettier-ignore
  const most = Math.max(has ?? ON_DEMAND_UNITS, scan.raiseTo ?? 0);
  const perSecond = Math.max(1, Math.min(wanted ?? Infinity, share === undefined ? most : share * most));
  const tookMs = (scanUnits(survey) / perSecond) * 1_000;
  const everyMs = scan.everyMs ?? wishes.freshnessMs;
  const about = `a scan takes ${count(Math.ceil(scanUnits(survey)), "read unit")}: ${longTime(tookMs)}`;
  if (!source.stream && tookMs > everyMs)
    findings.add("problem", "scan", `${about}, and is due each ${longTime(everyMs)}`, 'landing: "stream"');
  else findings.add("ok", "scan", about);
}

/** What an account may read of a table that is paid by the request, unless AWS raised it (AWS, "Quotas"). */
const ON_DEMAND_UNITS = 40_000;

function judgeWishes({ source, wishes: { freshnessMs, outageMs } }: JudgedTable, findings: Findings): void {
  const landing = landingOf(source);
  const scanEveryMs = source.scan?.everyMs;
  const bestMs = { stream: 0, export: EXPORT_FRESHNESS_MS, scan: scanEveryMs ?? Infinity }[landing];
  const wanted = longTime(freshnessMs);
  if (bestMs <= freshnessMs) findings.add("ok", "freshness", `${wanted} at most, where runs are as frequent`);
  else if (landing === "export") findings.add("problem", "freshness", `exports are half an hour old at best, wished is ${wanted}`, 'landing: "stream"'); // prettier-ignore
  else findings.add("problem", "freshness", scanEveryMs === undefined ? "the table is scanned once, and never again" : `the table is scanned each ${longTime(scanEveryMs)}, wished is ${wanted}`, `scan: { every: "${scanTime(freshnessMs)}" }`); // prettier-ignore
  if (landing !== "stream") return;
  if (outageMs <= STREAM_KEEPS_MS) findings.add("ok", "outage", `a pause of ${longTime(outageMs)} is survived: a stream keeps a day`);
  else if (source.scan !== undefined)
    findings.add("ok", "outage", `after a pause of more than a day a new scan fills the gap; what changed and changed back meanwhile is lost`); // prettier-ignore
  else
    findings.add("warning", "outage", `a stream keeps a day, wished is ${longTime(outageMs)}: after a longer pause the table stops until a new export fills the gap`); // prettier-ignore
}

function judgeKinesis({ kinesisStreams }: TableSurvey, findings: Findings): void {
  if ("unknown" in kinesisStreams || kinesisStreams.value.length === 0) return;
  findings.add("ok", "kinesis", `changes go to ${kinesisStreams.value.join(", ")}, too`);
}

/** A scan is dated by this machine's clock, five minutes back: what is beyond that would stand above changes that are newer. */
const SKEW_PROBLEM_MS = 4 * 60_000;
const SKEW_WARNING_MS = 30_000;

function judgeClock({ aheadMs }: TableSurvey, source: DynamoDbDefinition, findings: Findings): void {
  if (aheadMs === undefined) return;
  const apart = Math.abs(aheadMs);
  const text = `this machine's clock is ${longTime(apart)} ${aheadMs > 0 ? "ahead of" : "behind"} DynamoDB's`;
  if (apart < SKEW_WARNING_MS) findings.add("ok", "clock", "as DynamoDB's");
  else if (apart < SKEW_PROBLEM_MS || source.scan === undefined)
    findings.add("warning", "clock", text, "timedatectl set-ntp true");
  else findings.add("problem", "clock", `${text}: a scan would be dated wrongly`, "timedatectl set-ntp true");
}

function unknownText(known: Extract<Known<unknown>, { unknown: unknown }>): string {
  return `could not be looked at: ${messageOf(known.unknown)}`;
}

function count(number: number, unit: string): string {
  return `${number.toLocaleString("en-US")} ${unit}${number === 1 ? "" : "s"}`;
}

function byteText(bytes: number): string {
  const [unit, size] = [["GB", 1e9] as const, ["MB", 1e6] as const].find(([, least]) => bytes >= least) ?? ["kB", 1e3];
  return `${(bytes / size).toFixed(1)} ${unit}`;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

function longTime(ms: number): string {
  if (ms < 1_000) return "a second at most";
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? ["second", 1_000];
  const number = Math.round((10 * ms) / size) / 10;
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}

/** As a definition takes a time. */
function scanTime(ms: number): string {
  return `${Math.max(1, Math.floor(ms / 60_000))} minutes`;
}
