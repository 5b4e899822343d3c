import { SluiceError } from "../../base/index.ts";

/**
 * The path of a data file in the table's store, out of the URI in an action (Delta PROTOCOL, "Add File": percent-encoded,
 * relative to the root or absolute). It is decoded exactly once and never normalised. An absolute URI is taken when it lies
 * below the table's own root, whatever its writer calls S3 (`s3a:` and `s3n:` are Hadoop's names for it); any other, and whatever would leave the root, is refused by name.
 */
export function decodeFilePath(uri: string, rootUrl: string): string {
  const path = isAbsolute(uri) ? belowRoot(uri, rootUrl) : percentDecoded(uri);
  if (path === "") refuse(uri, "the path is empty");
  if (path.startsWith("/")) refuse(uri, "the path is absolute once decoded");
  if (path.includes("\0")) refuse(uri, "the path holds a NUL character");
  if (path.split("/").includes("..")) refuse(uri, "the path leaves the table's folder");
  return path;
}

/** The URI form of a path of the store, for an action (RFC 2396). */
export function encodeFilePath(path: string): string {
  const [first = "", ...rest] = path.replaceAll(UNSAFE, percentEncoded).split("/");
  // A colon in the first segment would read as the end of a scheme.
  return [first.replaceAll(":", "%3A"), ...rest].join("/");
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

// Everything that RFC 2396 does not allow in a path. A lone surrogate has no UTF-8 form and stays as it is.
const UNSAFE =
  /[\u0000-\u0020"#%<>?[\\\]^`{|}\u007F-\u009F]|[\u00A0-\uD7FF\uE000-\uFFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF]/g; // oxlint-disable-line no-control-regex

function isAbsolute(uri: string): boolean {
  return uri.startsWith("/") || SCHEME.test(uri);
}

function belowRoot(uri: string, rootUrl: string): string {
  const path = withOneScheme(percentDecoded(uri));
  const root = withOneScheme(percentDecoded(rootUrl)).replace(/\/+$/, "");
  if (root !== "" && path.startsWith(`${root}/`)) return path.slice(root.length + 1);
  throw new SluiceError("table.unsupported", `Cannot use data file ${uri}: it lies outside of the table's folder`, {
    facts: { table: rootUrl },
    advice: "Sluice reads no files outside of a table's own folder (shallow clones): copy the table instead.",
  });
}

/** `file:/x` and `file:///x` are `/x`, `s3a://x` and `s3n://x` are `s3://x`; other URLs stay as they are. */
function withOneScheme(url: string): string {
  return url.replace(/^file:\/{0,2}(?=\/)/, "").replace(/^s3[an]:\/\//i, "s3://");
}

function percentDecoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    // A lone `%` is what a writer that does not encode at all leaves behind: the text is the path itself.
    return uri;
  }
}

function percentEncoded(character: string): string {
  return encodeURIComponent(character);
}

function refuse(uri: string, why: string): never {
  throw new SluiceError("table.corrupt", `Cannot use data file ${JSON.stringify(uri)}: ${why}`);
}
