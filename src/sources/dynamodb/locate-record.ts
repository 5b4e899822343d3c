import { decodeKey, encodeKey, type KeyPart, type KeyTag } from "../../contract/index.ts";
import { isFailure, parseJson, type JsonValue } from "../../base/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { fileBytes, inflate } from "../input/index.ts";
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
    let line: JsonValue;
    try {
      line = parseJson(text);
    } catch {
      // An unreadable line is in quarantine, not in Bronze.
      return false;
    }
    if (!isObject(line)) return false;
    const item = line["Item"] ?? line["Keys"] ?? null;
    const parts = this.#wanted.keys.map((key) => keyPart(isObject(item) ? (item[key] ?? null) : null));
    return parts.every((one) => one !== undefined) && encodeKey(parts) === this.#wanted.key;
  }
}

function keyPart(value: JsonValue): KeyPart | undefined {
  const [tag, content] = taggedValue(value);
  if (tag === undefined || typeof content !== "string") return undefined;
  const canonical = tag === "N" ? canonicalNumber(content) : content;
  return canonical === undefined ? undefined : { tag: tag as KeyTag, value: canonical };
}
