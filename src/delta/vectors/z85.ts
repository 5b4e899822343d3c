/**
 * Z85 (ZeroMQ RFC 32): four bytes, big-endian, as five digits of base 85. Input that is no multiple of four bytes is padded with
 * zeros, as Spark does; the reader knows the size.
 */
export function encodeZ85(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0;
    for (let index = 0; index < 4; index += 1) value = value * 256 + (bytes[at + index] ?? 0);
    let group = "";
    for (let index = 0; index < 5; index += 1) {
      group = `${DIGITS[value % 85] ?? ""}${group}`;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

/** undefined for text that is no Z85. A last group that starts with n `#` holds 4 − n bytes (a Rust library's own padding). */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined;
  const groups = text.length / 5;
  const missing = /^#{0,3}/.exec(text.slice(-5))?.[0].length ?? 0;
  const bytes = new Uint8Array(groups * 4 - missing);
  let at = 0;
  for (let group = 0; group < groups; group += 1) {
    const padding = group === groups - 1 ? missing : 0;
    let value = 0;
    for (let index = padding; index < 5; index += 1) {
      const digit = VALUES.get(text.charAt(group * 5 + index));
      if (digit === undefined) return undefined;
      value = value * 85 + digit;
    }
    const size = 4 - padding;
    if (value >= 256 ** size) return undefined;
    for (let index = size - 1; index >= 0; index -= 1) {
      bytes[at + index] = value % 256;
      value = Math.floor(value / 256);
    }
    at += size;
  }
  return bytes;
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const VALUES = new Map(Array.from(DIGITS, (digit, value) => [digit, value]));
