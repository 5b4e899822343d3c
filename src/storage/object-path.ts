import { SluiceError } from "../base/index.ts";

/** Refuses what is no path of an object: every adapter accepts exactly the same ones. */
export function checkPath(path: string): void {
  const why = flawOf(path);
  if (why !== undefined) throw invalidPath(path, why);
}

export function isPath(text: string): boolean {
  return flawOf(text) === undefined;
}

/** A prefix of a listing may be empty and may end in the middle of a name, or with `/`; its whole segments are checked. */
export function checkPrefix(prefix: string): void {
  const folder = folderOfPrefix(prefix);
  if (folder !== "") checkPath(folder);
  const flaw = flawOfText(prefix) ?? (prefix.startsWith("/") ? "it is absolute" : undefined);
  if (flaw !== undefined) throw invalidPath(prefix, flaw);
}

/** The whole segments of a listing's prefix, without the last `/`. */
export function folderOfPrefix(prefix: string): string {
  return prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
}

export function invalidPath(path: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError("storage.invalid-path", `Cannot use an object's path: ${why}`, { facts: { path }, cause });
}

function flawOf(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.startsWith("/")) return "it is absolute";
  for (const segment of path.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a segment ${segment}`;
  }
  return flawOfText(path);
}

function flawOfText(path: string): string | undefined {
  if (path.includes("\0")) return "it has a NUL character";
  // A lone surrogate has no UTF-8: two such names would become the same file.
  return /\p{Surrogate}/u.test(path) ? "it is not well-formed Unicode" : undefined;
}
