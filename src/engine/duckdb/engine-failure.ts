import { SluiceError, isFailure, messageOf, type FailureCode } from "../../base/index.ts";

import { NO_VARIANT } from "./variant/variant-function.ts";

/** What the engine was doing, for its failure's message. */
export interface Doing {
  /** "run the query", "read table silver.orders". */
  readonly what: string;
  /** The SQL is a user's: what does not parse or bind is their `query.invalid`, with lines counted from theirs. */
  readonly userSql?: boolean;
  /** Lines that we put before the user's first one. */
  readonly linesBefore?: number;
}

/** Files that a query reads, as DuckDB names them, and what they are to us: `file a.parquet of table silver.orders`. */
export type FileNames = ReadonlyMap<string, string>;

/** DuckDB's error as a failure with a code. Our own failures pass through. */
export function engineFailure(error: unknown, doing: Doing, files: FileNames = new Map()): SluiceError {
  if (isFailure(error)) return error;
  const message = textOf(error);
  if (files.size > 0 && !isOutOfMemory(message)) {
    const path = FILE_IN_MESSAGE.exec(message)?.groups?.["file"];
    const named = path === undefined ? undefined : files.get(path);
    if (named !== undefined) return damaged(named, message, doing);
  }
  const { code, why } = judge(message, doing);
  return new SluiceError(code, `Cannot ${doing.what}: ${why}`, { cause: error });
}

/** Whether decoding went wrong without a word about the file. */
export function isDamageUnplaced(error: unknown, files: FileNames): boolean {
  const message = textOf(error);
  if (isFailure(error) || files.size === 0 || isOutOfMemory(message)) return false;
  const path = FILE_IN_MESSAGE.exec(message)?.groups?.["file"];
  return (path === undefined || !files.has(path)) && DECODING_ERRORS.test(message);
}

export function damaged(named: string, cause: unknown, doing: Doing): SluiceError {
  return new SluiceError("table.corrupt", `Cannot ${doing.what}: ${named} is missing or damaged`, { cause });
}

export function interrupted(doing: Doing): SluiceError {
  return new SluiceError("run.interrupted", `Cannot ${doing.what}: it was interrupted`);
}

/** Where in the client it happened says nothing to anybody. */
function textOf(error: unknown): string {
  return messageOf(error).replace(/^Failed to [a-z ]+: /, "");
}

function judge(message: string, doing: Doing): { code: FailureCode; why: string } {
  if (message.includes(NO_VARIANT)) return { code: "table.corrupt", why: firstLine(message) };
  if (message.startsWith("INTERRUPT Error")) return { code: "run.interrupted", why: "it was interrupted" };
  if (isOutOfMemory(message)) return { code: "engine.out-of-memory", why: firstLine(message) };
  if (/No space left on device|ENOSPC|Disk quota exceeded|File too large|max_temp_directory_size/.test(message)) {
    return { code: "storage.full", why: firstLine(message) };
  }
  if (message.startsWith("Permission Error")) return { code: "query.invalid", why: firstLine(message) };
  if (doing.userSql === true && QUERY_ERRORS.test(message)) {
    return { code: "query.invalid", why: withOwnLines(message, doing.linesBefore ?? 0) };
  }
  return { code: "engine.failed", why: firstLine(message) };
}

/** Errors that come of the query's text or of what it does to the values, not of the machine. */
const QUERY_ERRORS =
  /^(?:Parser|Binder|Catalog|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Mismatch Type|Constraint|Parameter) Error/;

function isOutOfMemory(message: string): boolean {
  return /^(?:Out of Memory Error|INTERNAL Error: .*bad_alloc)|could not allocate block|failed to allocate|bad allocation/i.test(
    message,
  );
}

const FILE_IN_MESSAGE = /["'](?<file>(?:s3:\/)?\/[^"'\n]*)["']/;
/** What a Parquet reader throws on bytes that make no sense; a query's own faults have kinds of their own. */
const DECODING_ERRORS =
  /^(?:Invalid Error|INTERNAL Error|IO Error|Serialization Error)|TProtocolException|Invalid Input Error: .*(?:[Pp]arquet|[Dd]ecompress)/;

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}

/** DuckDB shows the line of the fault with a caret below; its number counts from the user's first line. */
function withOwnLines(message: string, linesBefore: number): string {
  return message.replace(/^LINE (\d+):/gm, (_, line: string) => `LINE ${Math.max(1, Number(line) - linesBefore)}:`);
}
