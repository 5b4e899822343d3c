import { SluiceError } from "../../base/index.ts";
import { absoluteUrl, pathBelow, percentDecoded } from "../../storage/index.ts";

/** Where the files of a table may lie: below its root, and in folders that whoever opened it trusts besides. A store is one. */
export interface TableRoot {
  readonly url: string;
  readonly outside?: readonly { readonly url: string }[] | undefined;
}

/**
 * The path of a data file in the table's store, out of the URI in an action (Delta PROTOCOL, "Add File": percent-encoded,
 * relative to the root or absolute). It is decoded exactly once and never normalised. An absolute URI is taken when it lies
 * below the table's own root, or, as `/<URL>`, below a trusted folder; any other, and whatever would leave the root, is refused by name.
 */
export function decodeFilePath(uri: string, root: TableRoot): string {
  if (!isAbsolute(uri)) return checked(percentDecoded(uri), uri);
  const url = absoluteUrl(uri);
  const path = pathBelow(url, root.url);
  if (path !== undefined) return checked(path, uri);
  for (const folder of root.outside ?? []) {
    const outside = pathBelow(url, folder.url);
    if (outside === undefined) continue;
    checked(outside, uri);
    return `/${url}`;
  }
  throw new SluiceError("table.unsupported", `Cannot use data file ${uri}: it lies outside of the table's folder`, {
    facts: { table: root.url, trusted: (root.outside ?? []).map((folder) => folder.url).join(", ") || "none" },
    advice:
      "A shallow clone has its files in the table that it was made of. If you trust that folder, name it: `allowFilesFrom` (`--allow-files-from`).",
  });
}

/** The URI form of a path of the store, for an action (RFC 2396). */
export function encodeFilePath(path: string): string {
  const [, scheme, rest] = OUTSIDE.exec(path) ?? [];
  if (scheme !== undefined && rest !== undefined) {
    // Spark writes a local file so, and compares it as text.
    return `${scheme === "file://" ? "file:" : scheme}${rest.replaceAll(UNSAFE, percentEncoded)}`;
  }
  const [first = "", ...others] = path.replaceAll(UNSAFE, percentEncoded).split("/");
  // A colon in the first segment would read as the end of a scheme.
  return [first.replaceAll(":", "%3A"), ...others].join("/");
}

const OUTSIDE = /^\/([a-z][a-z0-9+.-]*:\/\/)(.*)$/s;

function checked(path: string, uri: string): string {
  if (path === "") refuse(uri, "the path is empty");
  if (path.startsWith("/")) refuse(uri, "the path is absolute once decoded");
  if (path.includes("\0")) refuse(uri, "the path holds a NUL character");
  if (path.split("/").includes("..")) refuse(uri, "the path leaves the table's folder");
  return path;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

// Everything that RFC 2396 does not allow in a path. A lone surrogate has no UTF-8 form and stays as it is.
const UNSAFE =
  /[\u0000-\u0020"#%<>?[\\\]^`{|}\u007F-\u009F]|[\u00A0-\uD7FF\uE000-\uFFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF]/g; // oxlint-disable-line no-control-regex

function isAbsolute(uri: string): boolean {
  return uri.startsWith("/") || SCHEME.test(uri);
}

function percentEncoded(character: string): string {
  return encodeURIComponent(character);
}

function refuse(uri: string, why: string): never {
  throw new SluiceError("table.corrupt", `Cannot use data file ${JSON.stringify(uri)}: ${why}`);
}
