/** One cell of CSV (RFC 4180): null is nothing, an empty text is `""`. */
export function csvCell(text: string | null, { isText }: { readonly isText: boolean }): string {
  if (text === null) return "";
  const guarded = isText && FORMULA.test(text) ? `'${text}` : text;
  return guarded === "" || /[",\r\n]/.test(guarded) || guarded !== guarded.trim()
    ? `"${guarded.replaceAll('"', '""')}"`
    : guarded;
}

/**
 * What a spreadsheet would run: a text that starts so gets a `'` before it (ASVS 5.0, 1.2.10). Numbers, dates and other
 * typed values are never touched.
 */
const FORMULA = /^[=+\-@\t\r\0]/; // oxlint-disable-line no-control-regex

/** A line of CSV, with its end. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.join(",")}\n`;
}
