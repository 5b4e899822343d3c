import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fieldText, isNullField } from "./csv-format.ts";
import { CsvReader, rawBytes, type CsvFormat } from "./csv-reader.ts";

interface Read {
  /** Fields of each record; null for NULL. */
  readonly records: readonly (readonly (string | null)[])[];
  readonly lines: readonly number[];
  /** `line@offset reason: bytes` of what is no record. */
  readonly broken: readonly string[];
}

function read(
  bytes: Uint8Array,
  options: { format?: Partial<CsvFormat>; chunk?: number; nullText?: string } = {},
): Read {
  const format = { delimiter: Buffer.from(","), rowDelimiter: Buffer.from("\n"), quoted: true, ...options.format };
  const nullText = Buffer.from(options.nullText ?? "NULL");
  const records: (string | null)[][] = [];
  const lines: number[] = [];
  const broken: string[] = [];
  const reader = new CsvReader(format, {
    record: (record) => {
      const fields = Array.from({ length: record.fields }, (_, index) =>
        isNullField(record, index, nullText) ? null : fieldText(record, index),
      );
      records.push(fields);
      lines.push(record.line);
      const { byteOffset } = record;
      const raw = rawBytes(record);
      expect(Buffer.compare(raw, bytes.subarray(byteOffset, byteOffset + raw.length))).toBe(0);
    },
    broken: (reason, raw, { line, byteOffset }) => {
      broken.push(`${line}@${byteOffset} ${reason}: ${Buffer.from(raw).toString("latin1")}`);
    },
  });
  const size = options.chunk ?? bytes.length;
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { records, lines, broken };
}

const special = fc.constantFrom('"', '""', ",", "\n", "\r\n", "NULL", "", "é", "🙂", " ", "'", "\\", "\0");
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.array(special, { maxLength: 5 }).map((parts) => parts.join("")),
);
const delimiters = fc.constantFrom(
  [",", "\n"],
  ["|", "\n"],
  ["\t", "\r\n"],
  ["¬", "\n"],
  ["||", "##\n"],
  [";;", "\u0001"],
);

describe("records", () => {
  test("come out as they went in, whatever the delimiters, the content and the chunks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.option(text), { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
        delimiters,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (rows, [delimiter = "", rowDelimiter = ""], chunk, isEnded) => {
          const field = (value: string | null): string => {
            if (value === null) return "NULL";
            const needs = value === "NULL" || /["\n\r]/.test(value) || value.includes(delimiter) || value.includes(rowDelimiter) || endsLike(value, delimiter) || endsLike(value, rowDelimiter); // prettier-ignore
            return needs ? `"${value.replaceAll('"', '""')}"` : value;
          };
          const lines = rows.map((row) => row.map((value) => field(value)).join(delimiter));
          // A last record of one empty field is seen only by its delimiter.
          const end = isEnded || lines.at(-1) === "" ? rowDelimiter : "";
          const content = lines.length === 0 ? "" : lines.join(rowDelimiter) + end;
          const format = { delimiter: Buffer.from(delimiter), rowDelimiter: Buffer.from(rowDelimiter) };
          const { records, broken } = read(Buffer.from(content), { format, chunk });
          expect(broken).toEqual([]);
          expect(records).toEqual(rows.map((row) => row.map((value) => value?.toWellFormed() ?? null)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("are the same in whatever chunks any bytes come, and no byte is lost", () => {
    const piece = fc.oneof(special, fc.constantFrom("a", "\n", ",", '"'), fc.string({ maxLength: 3 }));
    const bytes = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map((parts) => new Uint8Array(Buffer.from(parts.join("")))),
      fc.uint8Array({ maxLength: 60 }),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9 }), (content, chunk) => {
        const whole = read(content);
        expect(read(content, { chunk })).toEqual(whole);
        // Each line belongs to a record or to a broken piece.
        const covered = whole.records.length + whole.broken.length;
        expect(covered > 0).toBe(content.length > 0);
      }),
      { numRuns: 700 },
    );
  });

  test("NULL is the agreed text without quotation marks; an empty field is an empty text, unless that is what NULL is", () => {
    const content = Buffer.from('NULL,"NULL",,"",null\n');
    expect(read(content).records).toEqual([[null, "NULL", "", "", "null"]]);
    expect(read(content, { nullText: "" }).records).toEqual([["NULL", "NULL", null, "", "null"]]);
  });

  test("without quoting are split at every delimiter", () => {
    const { records } = read(Buffer.from('"a,b",c\n'), { format: { quoted: false } });
    expect(records).toEqual([['"a', 'b"', "c"]]);
  });

  test("have their line, also behind line breaks inside of fields", () => {
    const { records, lines } = read(Buffer.from('1,"a\nb\nc"\n2,x\n"3\n",y\n4,z'));
    expect(records.map(([id]) => id)).toEqual(["1", "2", "3\n", "4"]);
    expect(lines).toEqual([1, 4, 5, 7]);
  });
});

describe("what is no record", () => {
  test("is told with its bytes and place, and costs no more than its line", () => {
    const content = Buffer.concat([
      Buffer.from('1,a\n2,"b"x,c\n3,"d\n4,e\n5,'),
      Buffer.of(0xff, 0xfe),
      Buffer.from("\n6,f\n"),
    ]);
    const { records, broken } = read(content);
    expect(records).toEqual([
      ["1", "a"],
      ["4", "e"],
      ["6", "f"],
    ]);
    expect(broken).toEqual([
      '2@4 text follows the closing quotation mark of a field: 2,"b"x,c',
      '3@13 the quotation mark of a field is not closed: 3,"d',
      "5@22 it is not UTF-8: 5,\xff\xfe",
    ]);
  });
});

/** Whether a text ends with the beginning of a delimiter: together with the next one it would be read another way. */
function endsLike(value: string, delimiter: string): boolean {
  return Array.from({ length: delimiter.length }, (_, index) => delimiter.slice(0, index + 1)).some((part) => value.endsWith(part)); // prettier-ignore
}
