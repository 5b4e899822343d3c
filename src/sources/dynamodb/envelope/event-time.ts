/** What the scanner can order: after 1970 by more than exports are set back, and exact in a double. */
const MICROS_MIN = 300_000_000;

/** A number as JSON has it. */
const NUMBER = /^\d{1,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?$/;

const MICROS_IN: Readonly<Record<string, number | undefined>> = { MILLISECOND: 1_000, MICROSECOND: 1 };

/** Above these a time that does not say what it counts is no time in seconds, or in milliseconds: both are in the year 5138. */
const SECONDS_MAX = 1e11;
const MILLISECONDS_MAX = 1e14;

/**
 * `ApproximateCreationDateTime` in microseconds since 1970. `precision` is `ApproximateCreationDateTimePrecision`, which Kinesis Data Streams
 * for DynamoDB gives since it knows two of them; older records count milliseconds, those of DynamoDB Streams whole seconds, and a number
 * alone tells which. Undefined for what is no such time.
 */
export function eventMicros(text: string, precision: string | undefined): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  const unit = precision === undefined ? unitOf(value) : MICROS_IN[precision];
  if (unit === undefined) return undefined;
  // Seconds have fractions at times, and microseconds of them are no whole numbers of a double.
  const micros = Math.round(value * unit);
  return Number.isSafeInteger(micros) && micros >= MICROS_MIN ? micros : undefined;
}

function unitOf(value: number): number {
  if (value < SECONDS_MAX) return 1_000_000;
  return value < MILLISECONDS_MAX ? 1_000 : 1;
}
