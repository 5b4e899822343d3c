/** Bytes that a relative path and its URI have in common, whoever encodes it (see `encodeFilePath`): no `%`, `:` or space among them. */
const PLAIN = new Uint8Array(256);
for (const character of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=@/") {
  PLAIN[character.charCodeAt(0)] = 1;
}

const SLASH = 47;
const DOT = 46;

/** Whether a URI is, byte by byte, the path that it decodes to and the URI that we would write for that. False says nothing. */
export function isPlainUri(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start || bytes[start] === SLASH) return false;
  let previous = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    // Two dots may be the way out of the folder.
    if (PLAIN[byte] === 0 || (byte === DOT && previous === DOT)) return false;
    previous = byte;
  }
  return true;
}

/** A hash of some bytes, four at a time, mixed at the end so that its low bits are good enough to choose by. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Bytes from `start` on in some buffer. */
export interface BytesAt {
  readonly bytes: Uint8Array;
  readonly start: number;
}

export function areEqual(left: BytesAt, right: BytesAt, length: number): boolean {
  for (let at = 0; at < length; at += 1) {
    if (left.bytes[left.start + at] !== right.bytes[right.start + at]) return false;
  }
  return true;
}
