import type { ObjectInfo } from "../../../storage/index.ts";
import { readPath } from "./delivered-path.ts";
import type { DeliveryMemory, FailedFiles } from "./memory.ts";

type Failed = DeliveryMemory["failed"];

/** Days that are told apart; those before are counted together. */
const DAYS_MAX = 400;

/**
 * What is remembered of files that Firehose could not process, after a listing: of the days from `fromDay` on (eight digits) all of them were
 * listed, undefined: of all days. Those that somebody has removed since are forgotten.
 */
export function failedAfter(before: Failed, listed: readonly ObjectInfo[], fromDay: string | undefined): Failed {
  const days = new Map<string, FailedFiles>();
  const add = (day: string, [files, newestMs, path]: FailedFiles): void => {
    const known = days.get(day);
    days.set(day, known === undefined ? [files, newestMs, path] : [known[0] + files, Math.max(known[1], newestMs), known[2]]); // prettier-ignore
  };
  for (const [day, files] of Object.entries(before ?? {})) {
    if (fromDay !== undefined && day !== "" && day < fromDay) add(day, files);
  }
  for (const { path, modifiedMs } of listed)
    add(readPath(path).hour?.slice(0, 8) ?? "", [1, Math.trunc(modifiedMs), path]);
  if (days.size === 0) return undefined;
  const sorted = [...days].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const older = sorted.slice(0, -DAYS_MAX);
  days.clear();
  const oldest = older.at(-1)?.[0] ?? "";
  for (const [, files] of older) add(oldest, files);
  for (const [day, files] of sorted.slice(-DAYS_MAX)) add(day, files);
  return Object.fromEntries(days);
}
