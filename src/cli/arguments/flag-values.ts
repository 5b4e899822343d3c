import { SluiceError } from "../../base/index.ts";

/** The values of the flags of one call, read by what they mean. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, string | true>;

  constructor(values: ReadonlyMap<string, string | true>) {
    this.#values = values;
  }

  isOn(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === true ? undefined : value;
  }

  /** Fails with `usage.invalid` unless the text is a whole number from `least` to 2^53 − 1. */
  wholeNumber(name: string, least = 0): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new SluiceError("usage.invalid", `Cannot use --${name} ${text}: it is no whole number from ${least} on`, {
      facts: { flag: `--${name}`, value: text },
    });
  }

  /** Texts between commas. */
  list(name: string): readonly string[] | undefined {
    const parts = this.text(name)
      ?.split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
    if (parts === undefined || parts.length > 0) return parts;
    throw new SluiceError("usage.invalid", `Cannot use --${name}: it names nothing`, { facts: { flag: `--${name}` } });
  }

  /**
   * A moment, in ms since the epoch: ISO 8601 with a zone, a date or date and time in UTC, or digits (ms).
   * Fails with `usage.invalid` for anything else.
   */
  moment(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = /^\d{10,16}$/.test(text) ? Number(text) : readIso(text);
    if (ms !== undefined && Number.isFinite(ms)) return ms;
    throw new SluiceError("usage.invalid", `Cannot use --${name} ${text}: it is no moment`, {
      facts: { flag: `--${name}`, value: text },
      advice: "Write it as 2026-01-31T12:00:00Z; a date or a time without a zone is taken in UTC.",
    });
  }
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;

function readIso(text: string): number | undefined {
  const [, date, time = "00:00", zone = "Z"] = ISO.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : ms;
}
