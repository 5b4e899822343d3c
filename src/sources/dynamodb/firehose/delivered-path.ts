import { isTemporary, type DeliveredFile } from "../../input/index.ts";

/** What the path of an object tells. */
export interface DeliveredPath {
  /** The hour of the prefix as ten digits; of days alone it ends with 00. Undefined where the path has no time. */
  readonly hour: string | undefined;
  /** The text before the time and the spelling of the time: paths of one series sort by their time. */
  readonly series: string;
  /** Where a series goes on from a day (eight digits): all paths of that day and later are above it. */
  readonly from: (day: string) => string;
}

/** `2026/11/27/09/`, `year=2026/month=11/day=27/hour=09/`, `dt=2026-11-27/`, behind whatever prefix. */
const TIME =
  /(?:^|\/)((?:[^/=]+=)?)(\d{4})([-/](?:[^/=]+=)?)(0[1-9]|1[0-2])([-/](?:[^/=]+=)?)(0[1-9]|[12]\d|3[01])(?:([-/T](?:[^/=]+=)?)([01]\d|2[0-3]))?(?=\/)/;

/** Folders of what Firehose could not process, as `!{firehose:error-output-type}` names them. */
const ERRORS = /(?:^|\/)[A-Za-z-]+-failed\//;

/** Reads the time out of an object's path (Amazon Data Firehose Developer Guide, "Custom prefixes for Amazon S3 objects"). */
export function readPath(path: string): DeliveredPath {
  const match = TIME.exec(path);
  const [whole, before = "", year = "", first = "", month = "", second = "", day = "", third, hour] = match ?? [];
  if (match === null || whole === undefined) return { hour: undefined, series: "", from: () => "" };
  const head = path.slice(0, match.index) + (whole.startsWith("/") ? "/" : "") + before;
  return {
    hour: year + month + day + (hour ?? "00"),
    series: `${head}yyyy${first}MM${second}dd${third === undefined ? "" : `${third}HH`}`,
    from: (at) => head + at.slice(0, 4) + first + at.slice(4, 6) + second + at.slice(6, 8),
  };
}

export type PathKind = "records" | "errors" | "none";

/** Whether an object holds records, what could not be processed, or is none of Firehose's deliveries. `errors`: the prefix of the second. */
export function kindOfPath(path: string, errors: string | undefined): PathKind {
  const isError = errors === undefined ? ERRORS.test(path) : path.startsWith(errors);
  if (isError) return "errors";
  return isTemporary(path) ? "none" : "records";
}

/** Of a path without a time: all such files are one group. */
const TIMELESS = "FILES";

/** What of a path decides in which groups its file counts. */
export function nameInGroups(path: string): string {
  const { hour } = readPath(path);
  return hour === undefined ? TIMELESS : `${hour}0`;
}

export function deliveredFile(found: Omit<DeliveredFile, "name">): DeliveredFile {
  const { path, sizeBytes, modifiedMs } = found;
  return { path, sizeBytes, modifiedMs: Math.trunc(modifiedMs), name: nameInGroups(path) };
}
