const YEAR_0_MICROS = BigInt(Date.UTC(-1, 11, 31) + 86_400_000) * 1_000n;
const YEAR_10000_MICROS = BigInt(Date.UTC(10_000, 0, 1)) * 1_000n;

/** `2026-01-31T12:00:00.123456` of microseconds since 1970, always so long, so that text sorts as time; undefined outside of four-digit years. */
export function momentText(micros: bigint): string | undefined {
  if (micros < YEAR_0_MICROS || micros >= YEAR_10000_MICROS) return undefined;
  const rest = ((micros % 1_000n) + 1_000n) % 1_000n;
  const ms = Number((micros - rest) / 1_000n);
  return new Date(ms).toISOString().slice(0, -1) + String(rest).padStart(3, "0");
}
