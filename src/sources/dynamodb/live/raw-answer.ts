import { crc32 } from "node:zlib";
import { SluiceError } from "../../../base/index.ts";
import { JsonFormError, itemsAt, membersAt, type Place } from "./json-items.ts";
import type { JsonItems } from "./table-client.ts";

export interface RawAnswer {
  readonly items: JsonItems;
  /** The answer with an empty array in place of the items: what is left for others to parse. */
  readonly rest: Uint8Array;
}

/**
 * Takes the items out of an answer's bytes, unread and unparsed: what a record holds is looked at once, by the scanner, in the spelling
 * in which it came. `names` lead to the member that holds them, from the outermost.
 */
export function takeItems(bytes: Uint8Array, names: readonly string[]): RawAnswer {
  try {
    const [start, end] = placeOf(bytes, names) ?? [];
    if (start !== undefined) {
      const rest = Buffer.concat([bytes.subarray(0, start), EMPTY, bytes.subarray(end)]);
      return { items: itemsAt(bytes, start), rest };
    }
  } catch (error) {
    if (!(error instanceof JsonFormError)) throw error;
    throw garbled(error.message, error);
  }
  return { items: { bytes, places: [] }, rest: bytes };
}

function placeOf(bytes: Uint8Array, names: readonly string[]): Place | undefined {
  let place: Place | undefined = [0, bytes.length];
  for (const name of names) {
    if (place === undefined) return undefined;
    const within: Place = place;
    place = undefined;
    for (const [member, at] of membersAt(bytes, within[0])) if (member === name) place ??= at;
  }
  return place;
}

const EMPTY = Buffer.from("[]");

/** DynamoDB sends a checksum with each answer; one that does not fit means that bytes were changed on the way. */
export function checkAnswer(bytes: Uint8Array, stated: string | undefined): void {
  if (stated === undefined || crc32(bytes) === Number(stated)) return;
  throw garbled("its checksum is another one");
}

function garbled(why: string, cause?: unknown): SluiceError {
  return new SluiceError("source.unavailable", `Cannot read an answer of DynamoDB: ${why}`, { cause });
}
