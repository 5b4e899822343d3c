import { decodeKey, encodeKey, type KeyPart, type KeyTag } from "../../contract/index.ts";
import { isFailure, parseJson, type JsonValue } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { fileBytes, inflate } from "../input/index.ts";
import { RecordCutter } from "./envelope/record-cutter.ts";
import { openDelivery, readText } from "./firehose/delivered-bytes.ts";
import { NEWLINE } from "./scan/json-bytes.ts";
import { LineBuffer } from "./scan/line-buffer.ts";
import { isObject, taggedValue } from "./columns/shapes.ts";
import { canonicalNumber } from "../../contract/index.ts";

/** The line (from 1) of a data file whose record has this `_key`; undefined when the file is gone or has no such record. */
export async function locateRecord(
  store: ObjectStore,
  file: string,
  key: string,
  keys: readonly string[],
): Promise<number | undefined> {
  // Almost every file spells the key as JSON does by default; only then is every line read.
  const [part] = decodeKey(key);
  const needle = Buffer.from(JSON.stringify(part?.value ?? "").slice(1, -1));
  try {
    return (await search(store, file, { key, keys, needle })) ?? (await search(store, file, { key, keys }));
  } catch (error) {
    if (isFailure(error, "source.missing")) return undefined;
    throw error;
  }
}

/** The same of a file of Firehose: the number of the record in it; undefined for a Parquet file, whose rows have no lines. */
export async function locateDelivered(
  store: ObjectStore,
  file: string,
  key: string,
  keys: readonly string[],
): Promise<number | undefined> {
  let number = 0;
  let found: number | undefined;
  const cutter = new RecordCutter({
    record: (bytes, start, end) => {
      number += 1;
      if (found === undefined && hasKey(Buffer.from(bytes.subarray(start, end)).toString("utf8"), key, keys))
        found = number;
      return undefined;
    },
    refuse: () => {
      number += 1;
    },
  });
  try {
    const { form, bytes } = await openDelivery(store, file);
    if (form === "parquet") return undefined;
    await readText(file, bytes, (chunk) => cutter.push(chunk));
  } catch (error) {
    if (isFailure(error, "source.missing")) return undefined;
    throw error;
  }
  cutter.end();
  return found;
}

interface Wanted {
  readonly key: string;
  readonly keys: readonly string[];
  /** Only lines with these bytes are looked at. */
  readonly needle?: Buffer;
}

async function search(store: ObjectStore, file: string, wanted: Wanted): Promise<number | undefined> {
  const finder = new Finder(wanted);
  const lines = new LineBuffer(finder);
  try {
    await inflate(file, fileBytes(store.localFolder ?? store, file), (chunk) => {
      lines.push(chunk);
      if (finder.found !== undefined) throw new Found();
    });
  } catch (error) {
    if (!(error instanceof Found)) throw error;
  }
  if (finder.found === undefined) lines.end();
  return finder.found;
}

/** Ends the inflating of a file of which no more is wanted. */
class Found extends Error {}

class Finder {
  found: number | undefined;
  readonly #wanted: Wanted;
  #line = 0;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  scan(bytes: Uint8Array, end: number): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, end);
    const { needle } = this.#wanted;
    let hit = needle === undefined ? 0 : text.indexOf(needle);
    for (let at = 0; at < end && this.found === undefined;) {
      const next = text.indexOf(NEWLINE, at) + 1;
      this.#line += 1;
      if (needle !== undefined && hit >= 0 && hit < at) hit = text.indexOf(needle, at);
      if (hit >= 0 && hit < next && this.#isWanted(text.toString("utf8", at, next))) this.found = this.#line;
      if (needle === undefined) hit = next;
      at = next;
    }
  }

  skip(): void {
    this.#line += 1;
  }

  #isWanted(text: string): boolean {
    return hasKey(text, this.#wanted.key, this.#wanted.keys);
  }
}

/** Whether a record, as text, is of an item with this `_key`. */
function hasKey(text: string, key: string, keys: readonly string[]): boolean {
  let line: JsonValue;
  try {
    line = parseJson(text);
  } catch {
    // An unreadable record is in quarantine, not in Bronze.
    return false;
  }
  if (!isObject(line)) return false;
  const change = line["dynamodb"] ?? null;
  const item = line["Item"] ?? (isObject(change) ? change["Keys"] : line["Keys"]) ?? null;
  const parts = keys.map((name) => keyPart(isObject(item) ? (item[name] ?? null) : null));
  return parts.every((one) => one !== undefined) && encodeKey(parts) === key;
}

function keyPart(value: JsonValue): KeyPart | undefined {
  const [tag, content] = taggedValue(value);
  if (tag === undefined || typeof content !== "string") return undefined;
  const canonical = tag === "N" ? canonicalNumber(content) : content;
  return canonical === undefined ? undefined : { tag: tag as KeyTag, value: canonical };
}
