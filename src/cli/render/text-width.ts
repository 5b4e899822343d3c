// oxlint-disable-next-line no-control-regex
const NARROW = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2212\u2713\u2717]*$/;
const COLOUR = /\u001b\[\d+m/g; // oxlint-disable-line no-control-regex
/** East Asian wide and fullwidth ranges (UAX 11), and what terminals show as pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1b000}-\u{1b2ff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** How many cells of a terminal a line takes. */
export function textWidth(line: string): number {
  const plain = line.includes("\u001b") ? line.replaceAll(COLOUR, "") : line;
  if (NARROW.test(plain)) return plain.length;
  let width = 0;
  for (const segment of graphemes(plain)) width += cellsOf(segment);
  return width;
}

/** The line, cut to at most so many cells; `…` stands for what is left out. Not for lines with colours. */
export function cutToWidth(line: string, cells: number): string {
  if (textWidth(line) <= cells) return line;
  let kept = "";
  let width = 0;
  for (const segment of graphemes(line)) {
    const next = width + cellsOf(segment);
    if (next > cells - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}

let segmenter: Intl.Segmenter | undefined;

/** What a person takes for one character. The segmenter takes 10 ms to make: only who needs it pays. */
function* graphemes(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function cellsOf(segment: string): number {
  if (/^\p{Mn}|^\p{Me}/u.test(segment)) return 0;
  return WIDE.test(segment) || segment.includes("\ufe0f") ? 2 : 1;
}
