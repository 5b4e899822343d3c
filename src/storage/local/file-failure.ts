import { SluiceError, type FailureCode } from "../../base/index.ts";

/** What an error of the file system means in the port's own words; a `SluiceError` passes as it is. */
export function fileFailure(error: unknown, verb: string, where: { path: string; store: string }): SluiceError {
  if (error instanceof SluiceError) return error;
  const reason = errnoOf(error);
  const { code, why } = MEANINGS[reason ?? ""] ?? UNAVAILABLE;
  return new SluiceError(code, `Cannot ${verb} an object: ${why}`, { facts: { ...where, reason }, cause: error });
}

/** What an error of the file system means where no object is concerned: a staged file, a folder for spilled data, a table's root. */
export function pathFailure(error: unknown, verb: string, path: string, advice?: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const reason = errnoOf(error);
  const { code, why } = MEANINGS[reason ?? ""] ?? UNAVAILABLE;
  const facts = { path, reason };
  return new SluiceError(code, `Cannot ${verb}: ${why}`, {
    facts,
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  });
}

/** The outcome of a write is unknown: the object may be there already, and the caller must look. */
export function unknownOutcome(error: unknown, verb: string, where: { path: string; store: string }): SluiceError {
  return new SluiceError("storage.unavailable", `Cannot ${verb} an object for certain: the file system failed`, {
    facts: { ...where, reason: errnoOf(error) },
    cause: error,
  });
}

export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Neither an object nor a folder is at the path, or the folder that should hold it is an object. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR";
}

interface Meaning {
  readonly code: FailureCode;
  readonly why: string;
}

const UNAVAILABLE: Meaning = { code: "storage.unavailable", why: "the file system failed" };
const DENIED: Meaning = { code: "storage.denied", why: "permission denied" };
const FULL: Meaning = { code: "storage.full", why: "no space is left" };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: { code: "storage.missing", why: "it is not there" },
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: { code: "storage.denied", why: "the file system is read-only" },
  ENOSPC: FULL,
  EDQUOT: FULL,
  EFBIG: { code: "storage.full", why: "this process may not write files so large" },
  ELOOP: { code: "storage.invalid-path", why: "a symbolic link is at its path" },
  ENOTDIR: { code: "storage.invalid-path", why: "a folder of its path is an object" },
  EISDIR: { code: "storage.invalid-path", why: "a folder is at its path" },
  ENAMETOOLONG: { code: "storage.invalid-path", why: "a name is longer than the file system allows" },
  EILSEQ: { code: "storage.invalid-path", why: "the file system does not allow such a name" },
};
