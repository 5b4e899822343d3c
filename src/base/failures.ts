/**
 * Every failure the product can report: its stable code, whether trying again may help, the exit code of the
 * command line, and what to do next. `docs/errors.md` is printed from this table.
 */
export const FAILURES = {
  "config.invalid": {
    retry: false,
    exit: 2,
    advice: "Correct the named field of the configuration and run `sluice plan`.",
  },
  "config.unreadable": {
    retry: false,
    exit: 2,
    advice: "Check the path given by -c/--config and that the file is valid TypeScript or JavaScript.",
  },
  "usage.invalid": { retry: false, exit: 2, advice: "See `sluice --help`." },
  "plan.refused": { retry: false, exit: 3, advice: "Change the definition as described; nothing was written." },
  "plan.definition-changed": {
    retry: false,
    exit: 3,
    advice: "Run `sluice rebuild <table>` to compute the table anew from Bronze.",
  },
  "quality.failed": {
    retry: false,
    exit: 4,
    advice: "Correct the data or the rule; the table stays at its previous version. See `sluice quarantine list`.",
  },
  "quality.threshold": {
    retry: false,
    exit: 4,
    advice: "Look at the offending records with `sluice quarantine list`, or raise the threshold of the rule.",
  },
  "source.missing": { retry: false, exit: 5, advice: "Restore the file from the source, or export again." },
  "source.corrupt": {
    retry: false,
    exit: 5,
    advice: "Copy the file from the source again; the next run goes on from here.",
  },
  "source.gap": {
    retry: false,
    exit: 5,
    advice: "Provide the missing window, or a later complete snapshot, and run again.",
  },
  "source.invalid": { retry: false, exit: 5, advice: "Correct the source as described and run again." },
  "source.denied": { retry: false, exit: 7, advice: "Give this user permission to read the file." },
  "source.unavailable": { retry: true, exit: 8, advice: "The source did not answer; run again: it goes on from here." },
  "table.conflict": { retry: true, exit: 6, advice: "Another writer changed the table at the same time: run again." },
  "table.superseded": {
    retry: false,
    exit: 6,
    advice: "Another process has taken over this channel; nothing was written. Run again to go on after it.",
  },
  "table.unsupported": {
    retry: false,
    exit: 9,
    advice:
      "The table uses a feature that Sluice does not support in this operation; use an engine that does, or drop the feature.",
  },
  "table.corrupt": { retry: false, exit: 9, advice: "Restore the named file; no partial rows were returned." },
  "table.missing": { retry: false, exit: 9, advice: "Check the path; `sluice status` lists the tables of the lake." },
  "table.exists": { retry: false, exit: 9, advice: "Open the table instead of creating it, or choose another path." },
  "table.version-missing": {
    retry: false,
    exit: 9,
    advice: "`sluice history <table>` lists the versions that can still be read.",
  },
  "table.schema-mismatch": {
    retry: false,
    exit: 9,
    advice: "Cast the rows to the table's types, or overwrite the schema explicitly.",
  },
  "table.broken-invariant": {
    retry: false,
    exit: 9,
    advice: "This table is stopped to protect its data; the others go on. Report the message.",
  },
  "storage.denied": {
    retry: false,
    exit: 7,
    advice: "Give this user permission to read and write below the lake's folder.",
  },
  "storage.full": { retry: true, exit: 8, advice: "Free space on the device and run again; nothing was half-written." },
  "storage.missing": { retry: false, exit: 9, advice: "Restore the named object." },
  "storage.archived": {
    retry: false,
    exit: 9,
    advice:
      "Restore the object from its archive (S3: RestoreObject) and run again; take the lake's prefix out of the lifecycle rule that archives it.",
  },
  "storage.unsafe": {
    retry: false,
    exit: 9,
    advice:
      "Use a store with conditional puts (`If-None-Match: *`), or declare `singleWriter: true` where one process alone ever writes.",
  },
  "storage.unavailable": { retry: true, exit: 8, advice: "The store did not answer; run again." },
  "storage.invalid-path": {
    retry: false,
    exit: 2,
    advice: "Use a relative path without `..` that stays below the root.",
  },
  "engine.failed": { retry: false, exit: 1, advice: "See the engine's message in the cause." },
  "engine.out-of-memory": {
    retry: true,
    exit: 8,
    advice: "Raise `engine.memory` in the configuration, or close other programs.",
  },
  "query.invalid": {
    retry: false,
    exit: 2,
    advice: "Correct the SQL; `sluice status` lists the tables that can be named.",
  },
  "trace.not-found": {
    retry: false,
    exit: 9,
    advice: "Check the key with `sluice query`; keys of several parts are written part|part.",
  },
  "publish.refused": {
    retry: false,
    exit: 3,
    advice: "Change the rows or `publish.keys` as described; nothing was written to the target.",
  },
  "publish.superseded": {
    retry: false,
    exit: 6,
    advice:
      "A newer version is in the target: run again to publish the newest one. `sluice publish <table> --take-over` makes this lake the publisher, whatever is there.",
  },
  "publish.drifted": {
    retry: false,
    exit: 4,
    advice: "Look at the named keys; `sluice publish <table> --repair` writes them as the table has them.",
  },
  "target.occupied": {
    retry: false,
    exit: 6,
    advice:
      'Move the item, publish under other keys, or say `existing: "replace"` where items that Sluice did not write may be replaced.',
  },
  "target.invalid": { retry: false, exit: 5, advice: "Correct the target as described and run again." },
  "target.denied": {
    retry: false,
    exit: 7,
    advice:
      "Give the role dynamodb:DescribeTable, GetItem and PutItem on the table; Scan for `--check`, Scan and DeleteItem for `--repair`, UpdateTable for `raiseTo`.",
  },
  "target.unavailable": {
    retry: true,
    exit: 8,
    advice: "Run again: it goes on where it stopped. A lower `writeCapacity` asks less of the table.",
  },
  "run.interrupted": { retry: true, exit: 130, advice: "Run the same command again: it goes on where it stopped." },
  "internal.bug": { retry: false, exit: 1, advice: "This is a defect of Sluice: please report it with the message." },
} as const satisfies Record<string, { retry: boolean; exit: number; advice: string }>;

export type FailureCode = keyof typeof FAILURES;

export type Facts = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;

/**
 * A failure with a stable code. The message reads "Cannot <verb> <object>: <why> key=value …";
 * `advice` says what to do next (the code's own advice unless a more exact one is given).
 */
export class SluiceError extends Error {
  readonly code: FailureCode;
  readonly facts: Facts;
  readonly advice: string;

  constructor(code: FailureCode, message: string, options: { facts?: Facts; advice?: string; cause?: unknown } = {}) {
    super(withFacts(message, options.facts ?? {}), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SluiceError";
    this.code = code;
    this.facts = options.facts ?? {};
    this.advice = options.advice ?? FAILURES[code].advice;
  }

  get retryable(): boolean {
    return FAILURES[this.code].retry;
  }

  get exitCode(): number {
    return FAILURES[this.code].exit;
  }
}

export function isFailure(error: unknown, code?: FailureCode): error is SluiceError {
  return error instanceof SluiceError && (code === undefined || error.code === code);
}

/** What an unknown thrown value says, for a `cause` line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function withFacts(message: string, facts: Facts): string {
  const shown = Object.entries(facts).filter(([, value]) => value !== undefined);
  if (shown.length === 0) return message;
  return `${message} ${shown.map(([name, value]) => `${name}=${quoted(value)}`).join(" ")}`;
}

function quoted(value: Facts[string]): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
