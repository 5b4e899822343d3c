import type { Reconciliation } from "../../lake/index.ts";
import { counted, duration, thousands } from "./amounts.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable, type Cell } from "./text-table.ts";

/** How a source and what the lake has of it differ: counts, and some of the keys with the attributes that differ. */
export function reconcileText(report: Reconciliation, paint: Paint): string {
  const { table, verdict, sourceRecords, lakeRecords, version, elapsedMs, missing, extra, different } = report;
  const painted = { equal: paint.green, different: paint.red, undecided: paint.yellow }[verdict];
  const head = `${paint.bold(table)} version ${version} ${painted(VERDICTS[verdict])} (${duration(elapsedMs)})\n`;
  const lines = [
    `the source has ${counted(sourceRecords, "record")}, the table ${thousands(lakeRecords)}; ${bucketsText(report)}`,
  ];
  const count = missing + extra + different;
  if (count > 0)
    lines.push(`${thousands(missing)} missing, ${thousands(extra)} extra, ${thousands(different)} different`);
  if (report.moving > 0)
    lines.push(`${counted(report.moving, "key")} changed whenever it was looked at: compare again later`);
  if (report.unchecked > 0)
    lines.push(`${counted(report.unchecked, "more key")} differ by their digests and were not looked at one by one`);
  if (!report.isCaughtUp && verdict === "different")
    lines.push("without the table's stream, what changed since the last snapshot counts as different");
  for (const { table: silver, keys, quarantined, absent } of report.silver) {
    const rest = [
      ...(quarantined > 0 ? [`${thousands(quarantined)} are in quarantine`] : []),
      ...(absent > 0 ? [`${thousands(absent)} in neither: a rule drops them, or they came too late`] : []),
    ];
    const has = `${silver} has ${thousands(keys - quarantined - absent)} of ${counted(keys, "key")}`;
    lines.push([has, ...rest].join("; "));
  }
  return head + lines.map((line) => `  ${line}\n`).join("") + keysText(report, count, paint);
}

const VERDICTS = {
  equal: "has what the source has",
  different: "differs from the source",
  undecided: "could not be compared to the end",
};

function bucketsText({ buckets, bucketsDifferent, candidates }: Reconciliation): string {
  if (bucketsDifferent === 0) return `all ${thousands(buckets)} buckets are equal`;
  return `${thousands(bucketsDifferent)} of ${thousands(buckets)} buckets and ${counted(candidates, "key")} differed at first`;
}

function keysText({ keys }: Reconciliation, count: number, paint: Paint): string {
  if (keys.length === 0) return "";
  const rows = keys.map(({ what, key, attributes }): Cell[] => [what, safeLine(key), safeLine(attributes.join(", "))]);
  const rest = count > keys.length ? [["…", `${thousands(count - keys.length)} more`, ""]] : [];
  const columns = [{ title: "what" }, { title: "key" }, { title: "attributes that differ" }];
  return textTable(columns, [...rows, ...rest], { paint, indent: "  " });
}

export function reconcileJson(report: Reconciliation): { readonly [name: string]: Jsonable } {
  const { startedMs, elapsedMs, keys, silver, ...counts } = report;
  return {
    ...counts,
    startedAt: new Date(startedMs).toISOString(),
    elapsedMs: Math.round(elapsedMs),
    silver: silver.map((one) => ({ ...one })),
    keys: keys.map(({ key, what, attributes }) => ({ key, what, attributes: [...attributes] })),
  };
}
