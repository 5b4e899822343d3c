const DAY_MS = 24 * 3_600_000;

/** How long a removed file is kept: `delta.deletedFileRetentionDuration`, a week by default. */
export function tombstoneRetentionMs(configuration: Readonly<Record<string, string>>): number {
  return parseInterval(configuration["delta.deletedFileRetentionDuration"]) ?? 7 * DAY_MS;
}

/** How long old versions are kept in the log: `delta.logRetentionDuration`, 30 days by default. */
export function logRetentionMs(configuration: Readonly<Record<string, string>>): number {
  return parseInterval(configuration["delta.logRetentionDuration"]) ?? 30 * DAY_MS;
}

/** Whether commits tell their own time (Delta PROTOCOL, "In-Commit Timestamps"). */
export function tellsOwnTime(configuration: Readonly<Record<string, string>>): boolean {
  return configuration["delta.enableInCommitTimestamps"]?.toLowerCase() === "true";
}

/** A whole number above zero in a property; undefined where it is missing or something else. */
export function positiveProperty(configuration: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = configuration[name];
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value > 0 ? value : undefined;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  microsecond: 1 / 1000,
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
};

/** `interval 1 week 2 days`, the word optional. Months and years have no fixed length and are not taken. */
function parseInterval(text: string | undefined): number | undefined {
  const words = (text ?? "").trim().toLowerCase().split(/\s+/);
  if (words[0] === "interval") words.shift();
  if (words.length === 0 || words.length % 2 !== 0) return undefined;
  let sumMs = 0;
  for (let at = 0; at < words.length; at += 2) {
    const count = Number(words[at]);
    const unitMs = UNITS_MS[(words[at + 1] ?? "").replace(/s$/, "")];
    if (!Number.isFinite(count) || unitMs === undefined) return undefined;
    sumMs += count * unitMs;
  }
  return sumMs;
}
