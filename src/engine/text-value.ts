import { assert } from "../base/index.ts";
import { decimalParts, type PrimitiveName } from "../contract/index.ts";

/**
 * SQL that turns exact text into a value of a primitive type, or NULL where the text is no value of that type: nothing is
 * rounded, cut or guessed. Instants without an offset are UTC. `text` is an SQL expression of type VARCHAR.
 */
export function valueFromText(text: string, type: PrimitiveName): string {
  const exact = decimalParts(type);
  if (exact !== undefined) return exactDecimal(text, exact.precision, exact.scale);
  const read = READERS.get(type);
  assert(read !== undefined, `${type} is a primitive type`);
  return read(text);
}

const READERS: ReadonlyMap<PrimitiveName, (text: string) => string> = new Map<PrimitiveName, (text: string) => string>([
  ["string", (text) => text],
  ["long", (text) => wholeNumber(text, "BIGINT")],
  ["integer", (text) => wholeNumber(text, "INTEGER")],
  ["short", (text) => wholeNumber(text, "SMALLINT")],
  ["byte", (text) => wholeNumber(text, "TINYINT")],
  ["double", (text) => finite(`TRY_CAST(${text} AS DOUBLE)`)],
  ["float", (text) => finite(`TRY_CAST(${text} AS FLOAT)`)],
  ["boolean", (text) => `CASE ${text} WHEN 'true' THEN true WHEN 'false' THEN false END`],
  ["date", (text) => `CASE WHEN regexp_full_match(${text}, '\\d{4}-\\d{2}-\\d{2}') THEN TRY_CAST(${text} AS DATE) END`],
  ["timestamp", (text) => instant(text, "TIMESTAMPTZ")],
  [
    "timestamp_ntz",
    (text) =>
      `CASE WHEN NOT regexp_matches(${text}, '(Z|[+-]\\d{2}(:?\\d{2})?)$') OR length(${text}) <= 10 THEN ${instant(text, "TIMESTAMP")} END`,
  ],
  // Binary is never text: base64 under a binary tag has a column type of its own.
  ["binary", () => "CAST(NULL AS BLOB)"],
]);

function wholeNumber(text: string, sqlType: string): string {
  const plain = `regexp_full_match(${text}, '[+-]?\\d+')`;
  return `CASE WHEN ${plain} THEN TRY_CAST(${text} AS ${sqlType}) ELSE TRY_CAST(${exactDecimal(text, 38, 0)} AS ${sqlType}) END`;
}

function finite(value: string): string {
  return `CASE WHEN isfinite(${value}) THEN ${value} END`;
}

/** More than six digits of a second, or a date alone with a time zone, would be cut silently by the cast. */
function instant(text: string, sqlType: string): string {
  return `CASE WHEN regexp_full_match(${text}, '${INSTANT}') THEN TRY_CAST(${text} AS ${sqlType}) END`;
}

const INSTANT = "\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6}0*)?)?\\s?(Z|[+-]\\d{2}(:?\\d{2})?)?)?";

function exactDecimal(text: string, precision: number, scale: number): string {
  const cast = `TRY_CAST(${text} AS DECIMAL(${precision},${scale}))`;
  const mantissa = `split_part(lower(${text}), 'e', 1)`;
  const exponent = `TRY_CAST(split_part(lower(${text}), 'e', 2) AS INTEGER)`;
  return (
    `CASE WHEN regexp_full_match(${text}, '[+-]?\\d*\\.?\\d{0,${scale}}0*') AND regexp_matches(${text}, '\\d') THEN ${cast} ` +
    `WHEN regexp_full_match(${text}, '[+-]?\\d*\\.?\\d*[eE][+-]?\\d{1,3}') AND ${fractionDigits(mantissa)} - ${exponent} <= ${scale} THEN ${cast} END`
  );
}

function fractionDigits(mantissa: string): string {
  return `CASE WHEN strpos(${mantissa}, '.') = 0 THEN 0 ELSE length(rtrim(${mantissa}, '0')) - strpos(${mantissa}, '.') END`;
}
