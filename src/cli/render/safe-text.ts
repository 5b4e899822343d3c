/**
 * Characters of data that would steer a terminal or reorder what a person reads: C0 and C1 controls, DEL,
 * line and paragraph separators, bidirectional controls, zero-width marks, tags (FAULTS A3).
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line that shows the text and cannot do anything else: `\n`, `\u001b`. */
export function safeLine(text: string): string {
  return text.replaceAll(UNSAFE, (character) => NAMED[character] ?? escapeOf(character));
}

/** Like `safeLine`, with line ends kept. */
export function safeLines(text: string): string {
  return text
    .split("\n")
    .map((line) => safeLine(line))
    .join("\n");
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
