export const DURATION_UNITS = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  week: 604_800_000,
  weeks: 604_800_000,
} as const;

export const SIZE_UNITS = {
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  TB: 1_000_000_000_000,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/** `"15 min"`, `"2 days"`, `"12h"`. */
export type Duration = `${number}${" " | ""}${keyof typeof DURATION_UNITS}`;
/** `"2GB"` (10⁹), `"1.5 GiB"` (2³⁰). */
export type ByteSize = `${number}${" " | ""}${keyof typeof SIZE_UNITS}`;

const AMOUNT = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/;

/** Milliseconds; undefined when the text is no duration above zero. */
export function durationMs(text: string): number | undefined {
  return amount(text, DURATION_UNITS);
}

/** Bytes; undefined when the text is no size above zero. */
export function sizeBytes(text: string): number | undefined {
  return amount(text, SIZE_UNITS);
}

function amount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, count, unit = ""] = AMOUNT.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (count === undefined || factor === undefined) return undefined;
  const total = Math.round(Number(count) * factor);
  return total > 0 && Number.isSafeInteger(total) ? total : undefined;
}
