/**
 * Compares two texts by their UTF-8 bytes: negative, zero or positive. JavaScript's own `<` compares UTF-16 units,
 * which puts characters beyond U+FFFF (surrogates, 0xD800…) below U+E000…U+FFFF; UTF-8 puts them above.
 */
export function compareUtf8(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const one = left.charCodeAt(at);
    const other = right.charCodeAt(at);
    if (one !== other) return rank(one) - rank(other);
  }
  return left.length - right.length;
}

/** Surrogates move above every other unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
