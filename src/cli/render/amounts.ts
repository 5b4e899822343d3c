/** Amounts as people read them. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** `1,234,567` */
export function thousands(count: number | bigint): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `1 row`, `1,200 rows` */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${thousands(count)} ${count === 1 || count === 1n ? one : many}`;
}

/** `312 B`, `1.2 MB` (powers of ten) */
export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `320 ms`, `4.2 s`, `3 min 10 s`, `2 h 5 min`, `3 d 4 h` */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return twoUnits(seconds, [60, "min"], [1, "s"]);
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return twoUnits(minutes, [60, "h"], [1, "min"]);
  return twoUnits(Math.round(minutes / 60), [24, "d"], [1, "h"]);
}

function twoUnits(
  amount: number,
  [size, big]: readonly [number, string],
  [, small]: readonly [number, string],
): string {
  const rest = amount % size;
  const whole = `${thousands((amount - rest) / size)} ${big}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small}`;
}

/** How long ago, or how far ahead: `just now`, `3 min ago`, `in 2 h`, `14 y ago`. */
export function relativeTime(ms: number, nowMs: number): string {
  const seconds = Math.round(Math.abs(nowMs - ms) / 1000);
  if (seconds < 5) return "just now";
  const [size, unit] = RELATIVE.find(([, , from]) => seconds >= from) ?? [1, "s"];
  const text = `${thousands(Math.floor(seconds / size))} ${unit}`;
  return nowMs > ms ? `${text} ago` : `in ${text}`;
}

const DAY = 86_400;
const RELATIVE: readonly (readonly [seconds: number, unit: string, from: number])[] = [
  [365 * DAY, "y", 2 * 365 * DAY],
  [DAY, "d", 2 * DAY],
  [3600, "h", 2 * 3600],
  [60, "min", 2 * 60],
];

/** `2026-01-31 12:00:00Z` */
export function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

/** `2026-01-31 12:00:00Z (3 min ago)` */
export function moment(ms: number, nowMs: number): string {
  return `${utcTime(ms)} (${relativeTime(ms, nowMs)})`;
}

/** `98.43 %`; never rounded up to a hundred. */
export function percent(share: number): string {
  const value = Math.floor(share * 10_000) / 100;
  return `${value === Math.round(value) ? value : value.toFixed(2)} %`;
}

/** `12,300/s`, three digits that count. */
export function perSecond(count: number, ms: number): string {
  if (ms <= 0) return "";
  const rate = (count * 1000) / ms;
  return rate < 10 ? `${rate.toFixed(1)}/s` : `${thousands(Number(rate.toPrecision(3)))}/s`;
}
