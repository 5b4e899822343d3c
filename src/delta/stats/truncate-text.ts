/** Code points of a text that a bound keeps; what Spark and the kernels keep. */
const KEPT = 32;
/** How far an upper bound goes on looking for a place where it can be cut. */
const KEPT_MAX = 64;
const LAST_CODE_POINT = 0x10_ffff;
const LAST_ASCII = 0x7f;

/** A text at or below the given one, in the order of code points: its beginning. */
export function truncatedMin(text: string): string {
  if (text.length <= KEPT) return text;
  return codePoints(text, KEPT).join("");
}

/**
 * A text at or above the given one: its beginning and a character that is above whatever was cut off. undefined when there is none
 * (64 times the last code point).
 */
export function truncatedMax(text: string): string | undefined {
  if (text.length <= KEPT) return text;
  const points = codePoints(text, KEPT_MAX + 1);
  if (points.length <= KEPT) return text;
  for (let kept = KEPT; kept < points.length && kept <= KEPT_MAX; kept += 1) {
    const cut = points[kept]?.codePointAt(0) ?? 0;
    if (cut === LAST_CODE_POINT) continue;
    return points.slice(0, kept).join("") + String.fromCodePoint(cut < LAST_ASCII ? LAST_ASCII : LAST_CODE_POINT);
  }
  // Nothing but last code points to the end: short enough to be said in full.
  return points.length <= KEPT_MAX ? text : undefined;
}

/** The first `count` code points; of a longer text no more is looked at. */
function codePoints(text: string, count: number): string[] {
  return Array.from(text.slice(0, count * 2)).slice(0, count);
}
