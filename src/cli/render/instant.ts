import { calendarDate } from "../../base/index.ts";

const DAY_MICROS = 86_400_000_000n;

/** `2011-09-01T00:00:00Z`, `…:00.123456Z`: microseconds since the epoch as ISO 8601; fractions only where there are any. */
export function isoInstant(micros: bigint, zone: "Z" | ""): string {
  const days = floorDivide(micros, DAY_MICROS);
  const inDay = micros - days * DAY_MICROS;
  const seconds = Number(inDay / 1_000_000n);
  const fraction = inDay % 1_000_000n;
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((part) => two(part));
  return `${isoDate(days)}T${clock.join(":")}${fractionText(fraction)}${zone}`;
}

function fractionText(micros: bigint): string {
  if (micros === 0n) return "";
  const digits = String(micros).padStart(6, "0");
  return `.${digits.endsWith("000") ? digits.slice(0, 3) : digits}`;
}

/** Years beyond four digits carry a sign. */
function isoDate(days: bigint): string {
  const { year, month, day } = calendarDate(days);
  return `${yearText(year)}-${two(month)}-${two(day)}`;
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
