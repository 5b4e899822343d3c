export function count(number: number, unit: string): string {
  return `${number.toLocaleString("en-US")} ${unit}${number === 1 ? "" : "s"}`;
}

export function byteText(bytes: number): string {
  const [unit, size] = [["GB", 1e9] as const, ["MB", 1e6] as const].find(([, least]) => bytes >= least) ?? ["kB", 1e3];
  return `${(bytes / size).toFixed(1)} ${unit}`;
}

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

export function longTime(ms: number): string {
  if (ms < 1_000) return "a second at most";
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? ["second", 1_000];
  const number = Math.round((10 * ms) / size) / 10;
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
