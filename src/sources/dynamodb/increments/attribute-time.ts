import { canonicalNumber } from "../../../contract/index.ts";

/** The value of an attribute that says when an item was changed: `S` or `N`, and its text. */
export interface TimeValue {
  readonly tag: "S" | "N";
  readonly text: string;
}

/** Below these a number counts as seconds, milliseconds, microseconds since 1970: each reaches from 1973 to the year 5138. */
const UNITS = [
  { below: 10n ** 11n, digits: 6 },
  { below: 10n ** 14n, digits: 3 },
  { below: 10n ** 17n, digits: 0 },
] as const;

const ISO = /^(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Microseconds since 1970; undefined for what is no time. Text is ISO 8601 (UTC unless it says otherwise), a number's size tells its unit. */
export function microsOf({ tag, text }: TimeValue): bigint | undefined {
  const micros = tag === "N" ? microsOfNumber(text) : microsOfText(text);
  return micros !== undefined && micros > 0n && micros < 10n ** 16n ? micros : undefined;
}

function microsOfNumber(text: string): bigint | undefined {
  const number = canonicalNumber(text);
  if (number === undefined || number.startsWith("-")) return undefined;
  const [whole = "0", fraction = ""] = number.split(".");
  const unit = UNITS.find(({ below }) => BigInt(whole) < below);
  return unit === undefined ? undefined : BigInt(whole + fraction.slice(0, unit.digits).padEnd(unit.digits, "0"));
}

function microsOfText(text: string): bigint | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, day = "", , clock = "00:00", seconds = "00", fraction = "", zone = "Z"] = match;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const ms = Date.parse(`${day}T${clock}:${seconds}${offset}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}

/**
 * A value of the same form that is `ms` earlier, or a little more: where reading begins so that nothing is left out. Texts are shortened to
 * whole seconds (or what they have), which sorts before all that begin so. undefined for what is no time.
 */
export function earlier(value: TimeValue, ms: number): TimeValue | undefined {
  if (microsOf(value) === undefined) return undefined;
  return value.tag === "N" ? earlierNumber(value.text, ms) : earlierText(value.text, ms);
}

function earlierNumber(text: string, ms: number): TimeValue | undefined {
  const whole = BigInt((canonicalNumber(text) ?? "0").split(".")[0] ?? "0");
  const unit = UNITS.find(({ below }) => whole < below);
  if (unit === undefined) return undefined;
  const perSecond = 10n ** BigInt(6 - unit.digits);
  const units = (BigInt(Math.ceil(ms)) * perSecond + 999n) / 1_000n;
  return { tag: "N", text: String(whole > units ? whole - units : 0n) };
}

/** As the text has it, whatever its zone: the values of one attribute are in one. */
function earlierText(text: string, ms: number): TimeValue {
  const [, day = "", separator = "", clock, seconds] = ISO.exec(text) ?? [];
  const atMs = Date.parse(`${day}T${clock ?? "00:00"}:${seconds ?? "00"}Z`) - ms;
  const iso = new Date(Math.floor(atMs / 1_000) * 1_000).toISOString();
  const length = seconds === undefined ? (clock === undefined ? 10 : 16) : 19;
  return { tag: "S", text: `${iso.slice(0, 10)}${separator}${iso.slice(11)}`.slice(0, length) };
}
