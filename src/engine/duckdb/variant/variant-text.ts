import { calendarDate } from "../../../base/index.ts";

/** A double as a JSON number that stays one (`3.0`); what JSON has no number for is text. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Days since 1970-01-01 as `YYYY-MM-DD`, in the proleptic Gregorian calendar; years beyond four digits with a sign (ISO 8601). */
export function dayText(days: bigint): string {
  const { year, month, day } = calendarDate(days);
  return `${yearText(year)}-${padded(month)}-${padded(day)}`;
}

/** A moment as `YYYY-MM-DD HH:MM:SS[.ffffff]`, with its zone behind it; `perSecond` says what it counts. */
export function timestampText(
  value: bigint,
  { perSecond, zone }: { readonly perSecond: bigint; readonly zone: string },
): string {
  const perDay = 86_400n * perSecond;
  const days = (value >= 0n ? value : value - perDay + 1n) / perDay;
  return `${dayText(days)} ${timeText(value - days * perDay, perSecond)}${zone}`;
}

/** A time of day as `HH:MM:SS[.ffffff]`, without zeros at the end. */
export function timeText(value: bigint, perSecond: bigint): string {
  if (value < 0n || value >= 86_400n * perSecond) throw new RangeError("a time of day is none");
  const seconds = Number(value / perSecond);
  const digits = String(perSecond).length - 1;
  const fraction = String(value % perSecond)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(padded).join(":");
  return fraction === "" ? clock : `${clock}.${fraction}`;
}

function yearText(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, "0");
  if (year < 0) return `-${digits}`;
  return year > 9999 ? `+${digits}` : digits;
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
