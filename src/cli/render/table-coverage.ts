import { hasGap, type TableCoverage } from "../../lake/index.ts";
import type { Hole, Ledger } from "../../layers/index.ts";
import type { OwedChanges, Span } from "../../sources/index.ts";
import { isoTime, partJson, partsText, statesText } from "./coverage-parts.ts";
import { counted, duration, relativeTime, thousands, utcTime } from "./amounts.ts";
import { failureJson, failureText } from "./failure-text.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable, type Cell } from "./text-table.ts";

export interface CoverageTextOptions {
  readonly paint: Paint;
  readonly nowMs: number;
}

/** Lines of a table's history that are shown, the newest. */
const SHOWN_MAX = 20;
const BEGINNING = "the beginning";

/** A table's history, stretch by stretch, with its gaps named, and what to do next. */
export function coverageText(coverage: TableCoverage, options: CoverageTextOptions): string {
  const { paint, nowMs } = options;
  const { ledger, problem, unasked, silent, isCut, next } = coverage;
  const head = `${paint.bold(coverage.table)}  ${safeLine(coverage.source)}  ${stateText(coverage, options)}\n`;
  const notes = (ledger?.limits ?? []).map(({ text }) => safeLine(text));
  if (ledger?.owed !== undefined) notes.push(...owedLines(ledger.owed, nowMs));
  if (silent.length > 0) notes.push(`its ${silent.join(" and ")} cannot tell what they cover`);
  if (isCut) notes.push("older batches were not looked at");
  if (unasked !== undefined) notes.push(`the source was not asked: ${safeLine(unasked.message)} (${unasked.code})`);
  const said = notes.map((line) => `  ${line}\n`).join("");
  const failure = problem === undefined ? "" : failureText(problem, paint, { isVerbose: false });
  const step = next === undefined || problem !== undefined ? "" : `  ${paint.dim("next")}  ${next}\n`;
  const told = ledger === undefined ? "" : timeline(ledger, options) + partsText(ledger.spans, options);
  return head + told + said + failure + step;
}

function stateText(coverage: TableCoverage, { paint, nowMs }: CoverageTextOptions): string {
  const { ledger } = coverage;
  if (hasGap(coverage)) return paint.red("has a gap");
  if (ledger === undefined) return paint.dim("unknown");
  if (ledger.verdict === "loading") return paint.yellow("is being loaded");
  const { coveredToMs, readToMs } = ledger;
  const until = (ms: number): string => `${utcTime(ms)} (${relativeTime(ms, nowMs)})`;
  const covered = coveredToMs === undefined ? [] : [paint.green(`covered up to ${until(coveredToMs)}`)];
  const read = readToMs === undefined ? [] : [paint.yellow(`read up to ${until(readToMs)}, without proof that nothing is missing`)]; // prettier-ignore
  return [...covered, ...read].join(", ");
}

function timeline({ spans, holes }: Ledger, options: CoverageTextOptions): string {
  if (spans.length === 0) return "";
  const columns = [
    { title: "what" },
    { title: "epoch", align: "right" as const },
    { title: "from" },
    { title: "to" },
    { title: "batches" },
    { title: "rows", align: "right" as const },
    { title: "" },
  ];
  const rows = spans.flatMap((span) => [
    ...holes.filter((hole) => isBefore(hole, span)).map((hole) => holeRow(hole, options)),
    spanRow(span),
  ]);
  rows.push(...holes.filter((hole) => !isBetween(hole)).map((hole) => holeRow(hole, options)));
  const cut = rows.length > SHOWN_MAX ? [[`… ${counted(rows.length - SHOWN_MAX, "older line")}`]] : [];
  return textTable(columns, [...cut, ...rows.slice(-SHOWN_MAX)], { paint: options.paint, indent: "  " });
}

function isBefore(hole: Hole, { kind, fromMs }: Span): boolean {
  return isBetween(hole) && kind === "changes" && hole.toMs === fromMs;
}

function isBetween({ kind }: Hole): boolean {
  return kind === "start" || kind === "break";
}

function spanRow(span: Span): Cell[] {
  const { title, epoch, fromMs, toMs, batches, progress, owed } = span;
  const done = progress?.of === undefined ? `${progress?.done}` : `${progress.done} of ${progress.of}`;
  const note =
    progress !== undefined ? `under way: ${done} ${progress.what}` : owed === undefined ? "" : statesText(owed.parts);
  return [
    title,
    String(epoch),
    fromMs === undefined ? BEGINNING : utcTime(fromMs),
    toMs === undefined ? "–" : utcTime(toMs),
    batches === undefined ? "–" : batches.count === 1 ? `${batches.last}` : `${batches.first} … ${batches.last}`,
    batches === undefined ? "–" : thousands(batches.rows),
    note,
  ];
}

function holeRow(hole: Hole, { paint }: CoverageTextOptions): Cell[] {
  const { kind, fromMs, toMs, filledBy } = hole;
  const isFilled = filledBy !== undefined;
  const what = kind === "start" ? "hand-over" : kind;
  const colour = isFilled ? paint.dim : kind === "start" ? paint.yellow : paint.red;
  const from = fromMs === undefined ? (isBetween(hole) ? BEGINNING : "") : utcTime(fromMs);
  const cells = [what, "", from, utcTime(toMs), "", "", holeText(hole)];
  return cells.map((text) => ({ text, paint: colour }));
}

function holeText({ kind, what, toMs, neededMs, filledBy, underWay }: Hole): string {
  const named = what === undefined ? "" : `${safeLine(what)}: `;
  if (filledBy?.toMs !== undefined) {
    if (what !== undefined) return `${named}the ${nameOf(filledBy)} makes up for it`;
    const beyond = filledBy.toMs - toMs;
    const needed = neededMs === toMs ? "" : ` (${duration(neededMs - toMs)} are needed)`;
    return `filled by the ${nameOf(filledBy)}${beyond === 0 ? "" : `, which reaches ${duration(beyond)} beyond it${needed}`}`;
  }
  if (underWay !== undefined) return `${named}the ${nameOf(underWay)} will fill it`;
  if (kind === "forgotten") return "nobody read it while the source kept it";
  if (kind === "failed") return `${named}the source could not deliver it`;
  if (kind === "missing") return `${named}it never came`;
  return `open: needs a snapshot of ${utcTime(neededMs)} or later`;
}

function nameOf({ title, atMs, toMs }: Span): string {
  const moment = atMs ?? toMs;
  return moment === undefined ? title : `${title} of ${utcTime(moment)}`;
}

function owedLines({ fromMs, keptMs, parts }: OwedChanges, nowMs: number): readonly string[] {
  const untilMs = fromMs + keptMs;
  const age = duration(Math.max(0, nowMs - fromMs));
  const forgets = untilMs > nowMs ? `in ${duration(untilMs - nowMs)}` : "by now";
  const slowest = parts.find(({ upToMs }) => upToMs === fromMs);
  const where = slowest === undefined ? "" : ` (shard ${safeLine(slowest.name)})`;
  return [`unread changes are ${age} old at most${where}; the source forgets them ${forgets}`];
}

export function coverageJson(coverage: TableCoverage): { readonly [name: string]: Jsonable } {
  const { table, source, ledger, silent, isCut, problem, unasked, next = null } = coverage;
  return {
    table,
    source,
    verdict: hasGap(coverage) ? "gap" : (ledger?.verdict ?? "unknown"),
    ...ledgerJson(ledger ?? NO_LEDGER),
    silentChannels: [...silent],
    isCut,
    error: problem === undefined ? null : failureJson(problem),
    unasked: unasked === undefined ? null : failureJson(unasked),
    next,
  };
}

const NO_LEDGER = { spans: [], holes: [], limits: [], coveredToMs: undefined, readToMs: undefined, owed: undefined };

function ledgerJson({ coveredToMs, readToMs, limits, spans, holes, owed }: Omit<Ledger, "verdict">): {
  readonly [name: string]: Jsonable;
} {
  return {
    coveredTo: isoTime(coveredToMs),
    readTo: isoTime(readToMs),
    limits: limits.map((limit) => ({ ...limit })),
    spans: spans.map(spanJson),
    holes: holes.map(holeJson),
    unread: owed === undefined ? null : owedJson(owed),
  };
}

function spanJson(span: Span): Jsonable {
  const { channel, epoch, kind, title, fromMs, toMs, atMs, batches, progress, parts, isUnproven = false } = span;
  return {
    channel,
    epoch,
    kind,
    title,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    at: isoTime(atMs),
    batches:
      batches === undefined
        ? null
        : { first: batches.first, last: batches.last, count: batches.count, rows: batches.rows },
    progress: progress === undefined ? null : { done: progress.done, of: progress.of ?? null, what: progress.what },
    isProven: !isUnproven,
    parts: parts === undefined ? null : parts.map(partJson),
  };
}

function holeJson({ kind, what, fromMs, toMs, neededMs, filledBy, underWay }: Hole): Jsonable {
  return {
    kind,
    what: what ?? null,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    neededTo: isoTime(neededMs),
    filledBy: filledBy === undefined ? null : spanName(filledBy),
    underWay: underWay === undefined ? null : spanName(underWay),
  };
}

function spanName({ channel, epoch, atMs, toMs }: Span): Jsonable {
  return { channel, epoch, at: isoTime(atMs ?? toMs) };
}

function owedJson({ fromMs, keptMs, parts }: OwedChanges): Jsonable {
  const shards = parts.map(({ name, state, upToMs }) => ({ name, state, upTo: isoTime(upToMs) }));
  return { from: isoTime(fromMs), forgottenAt: isoTime(fromMs + keptMs), shards };
}
