import type { Examination, Finding, LandingCost, TableLanding, Wishes } from "../../lake/index.ts";
import { byteSize, counted, duration, thousands } from "./amounts.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";

export interface DoctorTextOptions {
  readonly wishes: Wishes;
  readonly paint: Paint;
}

const MARKS = { ok: "ok", warning: "!", problem: "x" } as const;
const CHECK_WIDTH = 10;

/** What was found, subject by subject, and which landing fits each table. */
export function doctorText({ findings, landings }: Examination, { wishes, paint }: DoctorTextOptions): string {
  const subjects = [...new Set(findings.map(({ subject }) => subject))];
  const parts = subjects.map((subject) => {
    const own = findings.filter((finding) => finding.subject === subject);
    const landing = landings.find(({ table }) => table === subject);
    const lines = own.map((finding) => findingText(finding, paint));
    return `${paint.bold(subject)}\n${lines.join("")}${landing === undefined ? "" : landingText(landing, wishes, paint)}`;
  });
  return `${parts.join("\n")}\n${totalsText(findings, paint)}\n`;
}

function findingText({ level, check, found, next }: Finding, paint: Paint): string {
  const colour = { ok: paint.green, warning: paint.yellow, problem: paint.red }[level];
  const line = `  ${colour(MARKS[level].padEnd(2))} ${check.padEnd(CHECK_WIDTH)} ${safeLine(found)}\n`;
  return next === undefined ? line : `${line}${" ".repeat(CHECK_WIDTH + 6)}${paint.dim("→")} ${safeLine(next)}\n`;
}

function landingText(landing: TableLanding, wishes: Wishes, paint: Paint): string {
  const { line, defined, reasons, monthly } = landing;
  const told = `wished: ${duration(wishes.freshnessMs)} fresh, ${duration(wishes.outageMs)} of pause survived; ${ratesText(landing)}`;
  const head = `  ${paint.bold(line)} fits${defined === landing.landing ? ", as it is defined" : `; it is defined as "${defined}"`}\n`;
  const why = reasons.map((reason) => `    because ${reason}\n`).join("");
  return `${head}${why}    ${paint.dim(told)}\n${monthly.map((cost) => `    ${costText(cost, landing)}\n`).join("")}`;
}

function ratesText({ changesPerDay }: TableLanding): string {
  return changesPerDay === undefined ? "changes a day are not known yet" : `${counted(changesPerDay, "change")} a day`;
}

function costText(
  { landing, readUnits, requests, exportedBytes, usd }: LandingCost,
  { changesPerDay }: TableLanding,
): string {
  const what = `"${landing}" a month:`;
  if (landing === "export" && changesPerDay === undefined)
    return `${what} ${counted(requests, "export")} of what changes, at $0.10 a GB in us-east-1`;
  const parts = [
    ...(readUnits === 0 ? [] : [counted(readUnits, "read unit")]),
    counted(requests, landing === "export" ? "export" : "request"),
    ...(landing === "export" ? [`at least ${byteSize(exportedBytes)} exported`] : []),
  ];
  const others = landing === "kinesis" ? "the Kinesis stream costs" : "Kinesis or Lambda and Firehose cost";
  if (usd === undefined) return `${what} ${parts.join(", ")}, beside what ${others}`;
  return `${what} ${parts.join(", ")}, about $${usd < 100 ? usd.toFixed(2) : thousands(Math.round(usd))} in us-east-1`;
}

function totalsText(findings: readonly Finding[], paint: Paint): string {
  const of = (level: Finding["level"]): number => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [of("problem"), of("warning")];
  if (problems + warnings === 0) return paint.green("Nothing stands in the way.");
  const text = [counted(problems, "problem"), counted(warnings, "warning")].join(", ");
  return problems === 0 ? paint.yellow(text) : paint.red(text);
}

export function doctorJson(
  { findings, landings }: Examination,
  { freshnessMs, outageMs }: Wishes,
): { readonly [name: string]: Jsonable } {
  return {
    wishes: { freshnessMs, outageMs },
    findings: findings.map(({ level, subject, check, found, next }) => ({
      level,
      subject,
      check,
      found,
      next: next ?? null,
    })),
    landings: landings.map(({ table, landing, defined, line, reasons, changesPerDay, monthly }) => ({
      table,
      landing,
      defined,
      line,
      reasons: [...reasons],
      changesPerDay: changesPerDay ?? null,
      monthly: monthly.map(({ landing: name, readUnits, requests, exportedBytes, usd }) => ({
        landing: name,
        readUnits,
        requests,
        exportedBytes,
        usd: usd === undefined ? null : Math.round(usd * 100) / 100,
      })),
    })),
  };
}
