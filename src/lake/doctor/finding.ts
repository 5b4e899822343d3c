/** One thing that was looked at. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** A table of the lake, `storage` or `machine`. */
  readonly subject: string;
  /** What was looked at, in a word or two: `keys`, `stream`. */
  readonly check: string;
  readonly found: string;
  /** The command to type, or the line to write into the configuration. */
  readonly next?: string;
}

/** Findings about one subject. */
export class Findings {
  readonly all: Finding[] = [];
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  add(level: Finding["level"], check: string, found: string, next?: string): void {
    this.all.push({ level, subject: this.#subject, check, found, ...(next === undefined ? {} : { next }) });
  }
}

/** What the user wants of a lake. */
export interface Wishes {
  /** How old a record may be when it is in Silver. */
  readonly freshnessMs: number;
  /** For how long no run may take place without anything being lost. */
  readonly outageMs: number;
}
