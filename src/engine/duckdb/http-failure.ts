/** Whether a failure of DuckDB is one of a request over HTTP. */
export function isHttpFailure(message: string): boolean {
  return /^(?:HTTP Error|IO Error): .*(?:\bHTTP\b|https?:\/\/|s3:\/\/)/.test(textOf(message));
}

/** The answer's status; undefined where there was none. */
export function statusIn(message: string): number | undefined {
  const [, status] = /\bHTTP (?:code )?(\d{3})\b/.exec(message) ?? [];
  return status === undefined ? undefined : Number(status);
}

/**
 * The file in use that a message names: as `s3://bucket/key`, or as the URL that was asked, with the bucket in its path or in its
 * host's name.
 */
export function fileInMessage(
  message: string,
  isUsed: (url: string) => boolean,
  buckets: readonly string[],
): string | undefined {
  for (const [, url = ""] of message.matchAll(/'((?:s3|https?):\/\/[^'\n]*)'/g)) {
    if (isUsed(url)) return url;
    const found = candidates(url, buckets).find((one) => isUsed(one));
    if (found !== undefined) return found;
  }
  return undefined;
}

function candidates(url: string, buckets: readonly string[]): readonly string[] {
  const [, path] = /^https?:\/\/[^/]+(\/.*)$/.exec(url) ?? [];
  if (path === undefined) return [];
  return [path, decoded(path)].flatMap((one) => [`s3:/${one}`, ...buckets.map((bucket) => `s3://${bucket}${one}`)]);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Where in the client it happened says nothing to anybody. */
function textOf(message: string): string {
  return message.replace(/^Failed to [a-z ]+: /, "");
}
