import { joinTallies, type FileTally, type PartPlace, type SourcePart, type Span } from "../../sources/index.ts";
import { counted, duration, thousands, utcTime } from "./amounts.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine } from "./safe-text.ts";
import { textTable, type Cell, type TableColumn } from "./text-table.ts";

/** Parts of a stretch that are shown, the last. */
const SHOWN_MAX = 20;
/** A sequence number has up to 56 digits, of which the last ones tell the records of a shard apart. */
const DIGITS_SHOWN = 8;

/** The shards, hours or windows of the newest epoch of each channel, a table each. */
export function partsText(spans: readonly Span[], { paint }: { readonly paint: Paint }): string {
  const newest = new Map<string, { readonly epoch: number; readonly parts: readonly SourcePart[] }>();
  for (const { channel, epoch, parts = [] } of spans) {
    if (parts.length === 0) continue;
    const before = newest.get(channel);
    const beside = before?.epoch === epoch ? before.parts : [];
    newest.set(channel, { epoch, parts: [...beside, ...parts] });
  }
  return [...newest.values()]
    .map(({ parts }) => {
      const { columns, rows } = tableOf(parts);
      const left = rows.length - SHOWN_MAX;
      const cut = left > 0 ? [[`… ${counted(left, "line")} before`]] : [];
      return textTable(columns, [...cut, ...rows.slice(-SHOWN_MAX)], { paint, indent: "    " });
    })
    .join("");
}

interface PartsTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

function tableOf(parts: readonly SourcePart[]): PartsTable {
  if (parts.some(({ files }) => files !== undefined)) return filesTable(parts);
  return parts.some(({ overlapMs }) => overlapMs !== undefined) ? windowsTable(parts) : shardsTable(parts);
}

const STATES = {
  done: "read to the end",
  current: "up to date",
  behind: "behind",
  unread: "not read yet",
  read: "read",
  empty: "no file",
} as const;

/** What is there of a shard, in few words: `2 read to the end, 1 up to date`. */
export function statesText(parts: readonly SourcePart[]): string {
  const counts = (["done", "current", "behind", "unread"] as const).flatMap((state) => {
    const count = parts.filter((part) => part.state === state).length;
    return count === 0 ? [] : [`${count} ${STATES[state]}`];
  });
  return parts.length === 0 ? "" : `${counted(parts.length, "shard")}: ${counts.join(", ")}`;
}

function shardsTable(parts: readonly SourcePart[]): PartsTable {
  const columns = ["shard", "came from", "state", "first record", "last record", "read up to"];
  return {
    columns: columns.map((title) => ({ title })),
    rows: parts.map(({ name, parents = [], state, from, to, upToMs }) => [
      safeLine(name),
      parents.length === 0 ? "–" : safeLine(parents.join(" + ")),
      STATES[state],
      recordText(from),
      recordText(to),
      upToMs === undefined ? "its end" : utcTime(upToMs),
    ]),
  };
}

function recordText(place: PartPlace | undefined): string {
  if (place === undefined) return "–";
  const { text = "", ms } = place;
  const number = text.length > DIGITS_SHOWN ? `…${text.slice(-DIGITS_SHOWN)}` : text;
  return ms === undefined ? number : `${utcTime(ms)} ${number}`;
}

function windowsTable(parts: readonly SourcePart[]): PartsTable {
  const columns = ["partition", "state", "from", "to", "newest reading from", "overlap"];
  return {
    columns: columns.map((title) => ({ title })),
    rows: parts.map(({ name, state, from, to, window, overlapMs }) => [
      safeLine(name),
      STATES[state],
      safeLine(from?.text ?? "the beginning"),
      safeLine(to?.text ?? "–"),
      safeLine(window?.text ?? "the beginning"),
      overlapMs === undefined ? "–" : duration(overlapMs),
    ]),
  };
}

function filesTable(parts: readonly SourcePart[]): PartsTable {
  const right = { align: "right" } as const;
  const hasTimes = parts.some(({ from }) => from !== undefined);
  const columns = [
    { title: "files of" },
    { title: "files", ...right },
    { title: "rows", ...right },
    { title: "set aside", ...right },
    { title: "written from" },
    { title: "to" },
    ...(hasTimes ? [{ title: "changes from" }, { title: "to" }] : []),
  ];
  return { columns, rows: runsOf(parts).map(filesRow) };
}

const HOUR = /^\d{4}-\d\d-\d\d(?:T\d\d)?$/;

/** Hours that follow each other without one that has no file are one line. */
function runsOf(parts: readonly SourcePart[]): readonly SourcePart[] {
  const runs: (SourcePart & { readonly until: string })[] = [];
  for (const part of parts) {
    const run = runs.at(-1);
    const isSame = run?.files !== undefined && HOUR.test(part.name) && run.until.length === part.name.length;
    if (!isSame || !HOUR.test(run.until) || part.files === undefined) {
      runs.push({ ...part, until: part.name });
      continue;
    }
    const first = run.name.slice(0, part.name.length);
    runs[runs.length - 1] = { ...run, name: `${first} … ${part.name}`, until: part.name, files: joinTallies(run.files, part.files) }; // prettier-ignore
  }
  return runs;
}

function filesRow({ name, state, files, from, to }: SourcePart): Cell[] {
  if (files === undefined) return [safeLine(name), state === "empty" ? "none" : "–"];
  const { firstMs, lastMs } = files;
  return [
    safeLine(name),
    thousands(files.files),
    thousands(files.rows),
    files.quarantined === 0 ? "–" : thousands(files.quarantined),
    timeText(firstMs),
    timeText(lastMs),
    timeText(from?.ms),
    timeText(to?.ms),
  ];
}

function timeText(ms: number | undefined): string {
  return ms === undefined ? "–" : utcTime(ms);
}

export function partJson({ name, state, upToMs, parents, from, to, window, overlapMs, files }: SourcePart): Jsonable {
  return {
    name,
    state,
    upTo: isoTime(upToMs),
    parents: parents === undefined ? null : [...parents],
    from: placeJson(from),
    to: placeJson(to),
    window: placeJson(window),
    overlapMs: overlapMs ?? null,
    files: files === undefined ? null : filesJson(files),
  };
}

function placeJson(place: PartPlace | undefined): Jsonable {
  return place === undefined ? null : { place: place.text ?? null, at: isoTime(place.ms) };
}

function filesJson({ files, records, rows, quarantined, firstMs, lastMs }: FileTally): Jsonable {
  return { count: files, records, rows, quarantined, firstWritten: isoTime(firstMs), lastWritten: isoTime(lastMs) };
}

export function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
