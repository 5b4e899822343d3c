/** `YYYY-MM-DDTHH:MM:SS.mmm`, with `Z` for an instant. undefined outside of the years 1 to 9999. */
export function formatTimestamp(millis: bigint, type: "timestamp" | "timestamp_ntz"): string | undefined {
  if (millis < FIRST_MS || millis > LAST_MS) return undefined;
  const text = new Date(Number(millis)).toISOString();
  return type === "timestamp" ? text : text.slice(0, -1);
}

export interface ParsedTimestamp {
  readonly micros: bigint;
  /** `Z`, an offset such as `+01:00`, or "" for a local time. */
  readonly zone: string;
}

/** Reads ISO 8601 and SQL forms, to the microsecond (further digits are cut). undefined for anything else. */
export function parseTimestamp(text: string): ParsedTimestamp | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, date = "", time = "00:00:00", fraction = "", zone = ""] = match;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const millis = Date.parse(`${date}T${seconds}Z`);
  if (Number.isNaN(millis)) return undefined;
  const micros = BigInt(millis) * 1000n + BigInt(fraction.padEnd(6, "0").slice(0, 6));
  return { micros: micros - offsetMicros(zone), zone };
}

const FIRST_MS = BigInt(Date.parse("0001-01-01T00:00:00Z"));
const LAST_MS = BigInt(Date.parse("9999-12-31T23:59:59.999Z"));

const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?\s?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?)?$/;

function offsetMicros(zone: string): bigint {
  if (zone === "" || zone === "Z") return 0n;
  const digits = zone.slice(1).replaceAll(":", "").padEnd(6, "0");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6));
  return BigInt(zone.startsWith("-") ? -seconds : seconds) * 1_000_000n;
}
