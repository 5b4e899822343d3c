const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
// oxlint-disable-next-line no-control-regex
const ASCII = /^[\u0020-\u007e]*$/;
const COLOUR = /\u001b\[\d+m/g; // oxlint-disable-line no-control-regex
/** East Asian wide and fullwidth ranges (UAX 11), and what terminals show as pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1b000}-\u{1b2ff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;

/** How many cells of a terminal a line takes. */
export function textWidth(line: string): number {
  const plain = line.includes("\u001b") ? line.replaceAll(COLOUR, "") : line;
  if (ASCII.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of segmenter.segment(plain)) width += cellsOf(segment);
  return width;
}

/** The line, cut to at most so many cells; `…` stands for what is left out. Not for lines with colours. */
export function cutToWidth(line: string, cells: number): string {
  if (textWidth(line) <= cells) return line;
  let kept = "";
  let width = 0;
  for (const { segment } of segmenter.segment(line)) {
    const next = width + cellsOf(segment);
    if (next > cells - 1) break;
    kept += segment;
    width = next;
  }
  return `${kept}…`;
}

function cellsOf(segment: string): number {
  if (/^\p{Mn}|^\p{Me}/u.test(segment)) return 0;
  return WIDE.test(segment) || segment.includes("\ufe0f") ? 2 : 1;
}
