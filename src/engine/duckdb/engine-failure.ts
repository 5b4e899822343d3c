import { SluiceError, isFailure, messageOf, type FailureCode } from "../../base/index.ts";

/** What the engine was doing, for its failure's message. */
export interface Doing {
  /** "run the query", "read table silver.orders". */
  readonly what: string;
  /** The SQL is a user's: what does not parse or bind is their `query.invalid`, with lines counted from theirs. */
  readonly userSql?: boolean;
  /** Lines that we put before the user's first one. */
  readonly linesBefore?: number;
}

/** What a file that the engine's message mentions is to us: `file a.parquet of table silver.orders`. */
export type FileNaming = (file: string) => string | undefined;

/** DuckDB's error as a failure with a code. Our own failures pass through. */
export function engineFailure(error: unknown, doing: Doing, fileNames: readonly FileNaming[] = []): SluiceError {
  if (isFailure(error)) return error;
  // Where in the client it happened says nothing to anybody.
  const message = messageOf(error).replace(/^Failed to [a-z ]+: /, "");
  const damaged = damagedFile(message, doing, fileNames);
  if (damaged !== undefined) return damaged;
  const { code, why } = judge(message, doing);
  return new SluiceError(code, `Cannot ${doing.what}: ${why}`, { cause: error });
}

function judge(message: string, doing: Doing): { code: FailureCode; why: string } {
  if (message.startsWith("INTERRUPT Error")) return { code: "run.interrupted", why: "it was interrupted" };
  if (isOutOfMemory(message)) return { code: "engine.out-of-memory", why: firstLine(message) };
  if (/No space left on device|ENOSPC|max_temp_directory_size/.test(message)) {
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
  /^(?:Parser|Binder|Catalog|Syntax|Conversion|Invalid Input|Out of Range|Not implemented|Invalid|Mismatch Type|Constraint|Parameter) Error/;

function isOutOfMemory(message: string): boolean {
  return /^(?:Out of Memory Error|INTERNAL Error: .*bad_alloc)|could not allocate block|failed to allocate|bad allocation/i.test(
    message,
  );
}

/**
 * A data file that is missing or is no whole Parquet file: the message of DuckDB names it. Everything that goes wrong while
 * a known file is decoded counts, so that no damaged page ends as an internal error.
 */
function damagedFile(message: string, doing: Doing, fileNames: readonly FileNaming[]): SluiceError | undefined {
  if (fileNames.length === 0 || isOutOfMemory(message)) return undefined;
  const path = FILE_IN_MESSAGE.exec(message)?.groups?.["file"] ?? "";
  const named = fileNames.map((naming) => naming(path)).find((name) => name !== undefined);
  if (named === undefined && !DECODING_ERRORS.test(message)) return undefined;
  const which = named ?? "one of its files";
  return new SluiceError("table.corrupt", `Cannot ${doing.what}: ${which} is missing or damaged`, { cause: message });
}

const FILE_IN_MESSAGE = /["'](?<file>\/[^"'\n]*)["']/;
const DECODING_ERRORS =
  /^(?:TProtocolException|IO Error: .*[Pp]arquet|Invalid Input Error: .*(?:[Pp]arquet|decompress)|.*(?:ZSTD|Snappy|GZIP|zstd) .*(?:failed|failure|error)|.*(?:Out of buffer|out of buffer|Corrupt|corrupt))/;

function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? message;
}

/** DuckDB shows the line of the fault with a caret below; its number counts from the user's first line. */
function withOwnLines(message: string, linesBefore: number): string {
  return message.replace(/^LINE (\d+):/gm, (_, line: string) => `LINE ${Math.max(1, Number(line) - linesBefore)}:`);
}
