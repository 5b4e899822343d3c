import { createHash } from "node:crypto";

/** A file that a service has delivered. */
export interface DeliveredFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** What decides in which groups of a memory it counts: digits of a time from the year on, or a word. */
  readonly name: string;
}

/** Files that are in, by a beginning of their names. */
export type Groups = Readonly<Record<string, Group>>;

/**
 * How many files were ever taken in; and of those that were still there when it was written, the number and the sum of their marks
 * (modulo 2^64, hexadecimal). So a listing is seen to bring nothing new without a memory of each file.
 */
export type Group = readonly [taken: number, present: number, sum: string];

/** 64 bits that stand for a file as it is now: path, size and time. */
export function markOf({ path, sizeBytes, modifiedMs }: Omit<DeliveredFile, "name">): bigint {
  return createHash("sha256")
    .update(`${path}\n${sizeBytes}\n${Math.trunc(modifiedMs)}`)
    .digest()
    .readBigUInt64BE(0);
}

/** Whether an object is no delivery: hidden, or under way to its name. */
export function isTemporary(path: string): boolean {
  return path.split("/").some((part) => /^[._]/.test(part)) || /\.(?:tmp|temp|part|partial|crdownload|filepart|inprogress)$/i.test(path) || path.endsWith("/"); // prettier-ignore
}
