import type { ProgressEvent } from "../layers/index.ts";
import { byteSize, counted, duration, perSecond, thousands } from "./render/amounts.ts";
import { safeLine } from "./render/safe-text.ts";
import { cutToWidth } from "./render/text-width.ts";
import type { Session } from "./session.ts";

const DRAW_MS = 120; // a terminal: as often as an eye can follow
const LINE_MS = 5_000; // a log file: seldom enough to be read

/** Work that is going on, shown on stderr: one line that changes on a terminal, else a line every few seconds. */
export interface Progress extends Disposable {
  readonly onProgress: (event: ProgressEvent) => void;
  /** Records that this run will read into a table, for the time left. */
  expect(table: string, records: number): void;
}

export function showProgress(session: Session): Progress {
  const { io, isQuiet } = session;
  const meter = new Meter();
  const isLive = io.stderr.isTTY && session.io.env["TERM"] !== "dumb";
  let shown = "";
  const draw = (): void => {
    const line = meter.line(io.world.nowMs(), isLive ? (io.stderr.columns ?? 80) - 1 : LOG_CELLS);
    if (line === undefined || (!isLive && line === shown)) return;
    shown = line;
    io.stderr.write(isLive ? `\r${line}\u001b[K` : `${line}\n`);
  };
  const stop = isQuiet ? () => undefined : io.every(isLive ? DRAW_MS : LINE_MS, draw);
  return {
    onProgress: (event) => meter.take(event, io.world.nowMs()),
    expect: (table, records) => meter.expect(table, records),
    [Symbol.dispose]: () => {
      stop();
      if (isLive && shown !== "") io.stderr.write("\r\u001b[K");
      shown = "";
    },
  };
}

const DETAIL_LEAST = 12; // less of a title tells nothing
const LOG_CELLS = 160; // of a line in a log file
const VERBS = {
  read: "reading",
  write: "writing",
  fold: "folding",
  refresh: "refreshing",
  publish: "publishing",
  optimize: "optimizing",
  clean: "cleaning",
} as const;

/** Adds up the events of one table and phase, and says how fast they come. */
export class Meter {
  readonly #expected = new Map<string, number>();
  #table = "";
  #phase: ProgressEvent["phase"] = "read";
  #detail = "";
  #startedMs = 0;
  #lastMs: number | undefined;
  /** Of earlier batches of the same table and phase. */
  #rowsBefore = 0;
  #bytesBefore = 0;
  #rows = 0;
  #bytes = 0;

  expect(table: string, records: number): void {
    this.#expected.set(table, records);
  }

  take(event: ProgressEvent, nowMs: number): void {
    // A batch is read and written in turns: its writing does not end the count of what was read.
    if (event.phase === "write" && event.table === this.#table && this.#phase === "read") {
      this.#lastMs = nowMs;
      return;
    }
    if (event.table !== this.#table || event.phase !== this.#phase) {
      this.#rowsBefore = 0;
      this.#bytesBefore = 0;
      this.#startedMs = this.#lastMs ?? nowMs;
    } else if (event.detail !== this.#detail && event.phase === "read") {
      this.#rowsBefore += this.#rows;
      this.#bytesBefore += this.#bytes;
    }
    this.#table = event.table;
    this.#phase = event.phase;
    this.#detail = event.detail;
    this.#rows = event.rows;
    this.#bytes = event.bytes ?? 0;
    this.#lastMs = nowMs;
  }

  /** Undefined before anything happened. */
  line(nowMs: number, cells: number): string | undefined {
    if (this.#lastMs === undefined) return undefined;
    const rows = this.#rowsBefore + this.#rows;
    const bytes = this.#bytesBefore + this.#bytes;
    const total = this.#phase === "read" ? this.#expected.get(this.#table) : undefined;
    const isDone = total !== undefined && rows >= total;
    const elapsedMs = (isDone ? this.#lastMs : nowMs) - this.#startedMs;
    const parts = [
      total === undefined || total < rows ? counted(rows, "row") : `${thousands(rows)} of ${counted(total, "row")}`,
      ...(rows > 0 && elapsedMs > 0 ? [perSecond(rows, elapsedMs)] : []),
      ...(bytes > 0 ? [byteSize(bytes)] : []),
      ...timeLeft(rows, total, elapsedMs),
    ];
    const start = `${this.#table}  ${VERBS[this.#phase]}`;
    const figures = rows === 0 ? duration(elapsedMs) : parts.join(" · ");
    // The figures matter more than the rest of a long title.
    const room = cells - start.length - figures.length - 4;
    const detail = room < DETAIL_LEAST ? "" : cutToWidth(safeLine(this.#detail), room);
    return cutToWidth([start, ...(detail === "" ? [] : [detail])].join(" ").concat("  ", figures), cells);
  }
}

function timeLeft(rows: number, total: number | undefined, elapsedMs: number): string[] {
  if (total === undefined || rows === 0 || rows >= total || elapsedMs < 1_000) return [];
  return [`${duration(((total - rows) * elapsedMs) / rows)} left`];
}
