import { createHash } from "node:crypto";
import {
  filteredChange,
  matchesFilter,
  type AttributeMap,
  type AttributeValue,
  type FilteredChange,
  type ItemFilter,
} from "../../../contract/index.ts";
import { membersAt, type Place } from "./json-items.ts";

/** Equal for filters that take in the same: what was read under another one is to be read anew. undefined: no filter. */
export function filterMark(filter: ItemFilter | undefined): string | undefined {
  if (filter === undefined) return undefined;
  const where = filter.where.map((condition) => JSON.stringify(condition)).toSorted();
  const text = JSON.stringify([where, filter.attributes?.toSorted() ?? null]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

/** A filter that is applied to items and changes as they came: nothing but what its conditions look at is parsed. */
export class ImageFilter {
  readonly #filter: ItemFilter;
  readonly #looksAt: ReadonlySet<string>;
  readonly #kept: ReadonlySet<string> | undefined;

  constructor(filter: ItemFilter) {
    this.#filter = filter;
    this.#looksAt = new Set(filter.where.map(({ attribute }) => attribute));
    this.#kept = filter.attributes === undefined ? undefined : new Set(filter.attributes);
  }

  matches(bytes: Uint8Array, place: Place): boolean {
    return matchesFilter(this.#filter, this.#parsed(bytes, place));
  }

  change(
    bytes: Uint8Array,
    { newImage, oldImage, isInsert }: { newImage?: Place; oldImage?: Place; isInsert: boolean },
  ): FilteredChange {
    return filteredChange(this.#filter, {
      newImage: newImage === undefined ? undefined : this.#parsed(bytes, newImage),
      oldImage: oldImage === undefined ? undefined : this.#parsed(bytes, oldImage),
      isInsert,
    });
  }

  /** The attributes that are kept, spelt as they came; the pieces make one JSON object. */
  image(bytes: Uint8Array, [start, end]: Place): readonly Uint8Array[] {
    if (this.#kept === undefined) return [bytes.subarray(start, end)];
    const parts: Uint8Array[] = [];
    for (const [name, place] of membersAt(bytes, start)) {
      if (!this.#kept.has(plainName(name))) continue;
      const label = Buffer.from(`${parts.length === 0 ? "{" : ","}"${name}":`, "utf8");
      parts.push(label, bytes.subarray(place[0], place[1]));
    }
    return [...(parts.length === 0 ? [OPEN] : parts), CLOSE];
  }

  #parsed(bytes: Uint8Array, [start]: Place): AttributeMap {
    const item: Record<string, AttributeValue> = Object.create(null) as Record<string, AttributeValue>;
    if (this.#looksAt.size === 0) return item;
    for (const [name, [from, to]] of membersAt(bytes, start)) {
      const plain = plainName(name);
      if (!this.#looksAt.has(plain)) continue;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8");
      item[plain] = JSON.parse(text) as AttributeValue;
    }
    return item;
  }
}

const OPEN = Buffer.from("{");
const CLOSE = Buffer.from("}");

function plainName(spelt: string): string {
  return spelt.includes("\\") ? (JSON.parse(`"${spelt}"`) as string) : spelt;
}
