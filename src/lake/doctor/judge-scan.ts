import type { TableScan } from "../../definition/index.ts";
import { count, longTime } from "./amount-texts.ts";
import type { Findings } from "./finding.ts";
import type { JudgedTable } from "./judge-table.ts";
import { scanUnits } from "./landing-costs.ts";

/** What an account may read of a table that is paid by the request, unless AWS raised it (AWS, "Quotas"). */
const ON_DEMAND_UNITS = 40_000;

/** What a scan takes of the table, and how long. */
export function judgeScan({ source, survey, wishes }: JudgedTable, findings: Findings): void {
  const { scan, stream } = source;
  const { capacity } = survey;
  const has = capacity.kind === "provisioned" ? capacity.read : undefined;
  const paid = has === undefined ? "paid by the request" : `${count(has, "read unit")} a second, provisioned`;
  findings.add("ok", "capacity", paid);
  if (scan === undefined) return;
  if (has !== undefined) judgeShare(scan, has, findings);
  const units = Math.ceil(scanUnits(survey));
  const tookMs = (units / unitsPerSecond(scan, has)) * 1_000;
  const everyMs = scan.everyMs ?? wishes.freshnessMs;
  const about = `a scan takes ${count(units, "read unit")}: ${longTime(tookMs)}`;
  if (!stream && tookMs > everyMs)
    findings.add("problem", "scan", `${about}, and is due each ${longTime(everyMs)}`, 'landing: "stream"');
  else findings.add("ok", "scan", about);
}

/** Others use a table whose capacity is provisioned, too. */
function judgeShare({ readCapacity, raiseTo = 0 }: TableScan, has: number, findings: Findings): void {
  if (readCapacity === undefined) {
    const found = "it takes all that the table has, and others are throttled meanwhile";
    findings.add("warning", "scan", found, 'scan: { readCapacity: "25%" }');
  } else if (typeof readCapacity === "number" && readCapacity > Math.max(has, raiseTo)) {
    const found = `it may use ${count(readCapacity, "read unit")} a second, and the table has ${count(has, "read unit")}`;
    findings.add("warning", "scan", found, `raiseTo: ${readCapacity}`);
  }
}

function unitsPerSecond({ readCapacity, raiseTo = 0 }: TableScan, has: number | undefined): number {
  const most = Math.max(has ?? ON_DEMAND_UNITS, raiseTo);
  if (readCapacity === undefined) return Math.max(1, most);
  return Math.max(1, typeof readCapacity === "number" ? Math.min(readCapacity, most) : readCapacity.share * most);
}
