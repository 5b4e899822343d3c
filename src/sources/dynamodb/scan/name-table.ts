import { BACKSLASH, QUOTE, STOPS, type Pattern } from "./json-bytes.ts";

/** Something that an object's member of that name is matched with. */
export interface Named<T> {
  readonly name: string;
  /** `"name":` */
  readonly spelling: Pattern;
  /** What came after it last time. */
  next: T | undefined;
}

/** Members of an object by the bytes of their names. */
export class NameTable<T extends Named<T>> {
  /** What an object began with last time. */
  first: T | undefined;
  readonly byName = new Map<string, T>();
  readonly #byHash = new Map<number, T[]>();

  add(member: T): void {
    this.byName.set(member.name, member);
    const bytes = Buffer.from(`${member.name}"`);
    const hash = nameHash(bytes, 0);
    this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), member]);
  }

  /** What probably comes after a member (undefined: at the beginning), going by the last time. */
  predicted(previous: T | undefined): T | undefined {
    return previous === undefined ? this.first : previous.next;
  }

  /** The member whose name's quote is at `at`, which is what will be predicted; undefined for an unknown or escaped name. */
  next(previous: T | undefined, bytes: Uint8Array, view: DataView, at: number): T | undefined {
    const predicted = this.predicted(previous);
    if (predicted !== undefined && predicted.spelling.isAt(view, at)) return predicted;
    const found = this.#find(bytes, view, at);
    if (found === undefined) return undefined;
    if (previous === undefined) this.first = found;
    else previous.next = found;
    return found;
  }

  #find(bytes: Uint8Array, view: DataView, at: number): T | undefined {
    const bucket = this.#byHash.get(nameHash(bytes, at + 1));
    if (bucket === undefined) return undefined;
    for (const member of bucket) if (member.spelling.isAt(view, at)) return member;
    return undefined;
  }
}

/** Of the bytes up to the quote. */
function nameHash(bytes: Uint8Array, from: number): number {
  let hash = 0;
  for (let at = from; ; at += 1) {
    const byte = bytes[at] as number;
    if (STOPS[byte] !== 0) return byte === QUOTE ? hash : byte === BACKSLASH ? -1 : -2;
    hash = (Math.imul(hash, 31) + byte) & 0x3fffffff;
  }
}
