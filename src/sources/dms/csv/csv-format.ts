import type { DmsSettings } from "../../../contract/index.ts";
import type { CsvFormat, CsvRecord } from "./csv-reader.ts";

export function csvFormat({ csvDelimiter, csvRowDelimiter, rfc4180 }: DmsSettings): CsvFormat {
  return { delimiter: Buffer.from(csvDelimiter), rowDelimiter: Buffer.from(csvRowDelimiter), quoted: rfc4180 };
}

/** A field's content. */
export function fieldText({ bytes, starts, ends, quotes }: CsvRecord, index: number): string {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset + (starts[index] ?? 0), (ends[index] ?? 0) - (starts[index] ?? 0)); // prettier-ignore
  const text = content.toString("utf8");
  return quotes[index] === 2 ? text.replaceAll('""', '"') : text;
}

/** Whether a field stands for NULL: the text that was agreed on, not in quotation marks. */
export function isNullField({ bytes, starts, ends, quotes }: CsvRecord, index: number, nullText: Uint8Array): boolean {
  const start = starts[index] ?? 0;
  if (quotes[index] !== 0 || (ends[index] ?? 0) - start !== nullText.length) return false;
  for (let offset = 0; offset < nullText.length; offset += 1) {
    if (bytes[start + offset] !== nullText[offset]) return false;
  }
  return true;
}
