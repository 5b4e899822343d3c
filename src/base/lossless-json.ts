/**
 * JSON without loss: integers that a double does not hold for certain (`Number.isSafeInteger`) come back as `bigint`,
 * any other number whose text a double cannot give back (38-digit decimals, `1.10`, `1e5`, `-0`) as a `JsonNumber`
 * holding its text. Strings, booleans, null, arrays and objects are JavaScript's own; objects have no prototype, so
 * `__proto__` is an ordinary name.
 */
export type JsonValue = null | boolean | number | bigint | string | JsonNumber | JsonValue[] | JsonObject;
export interface JsonObject {
  [name: string]: JsonValue;
}

/** A number kept as the text it was written in. Throws `RangeError` on a text that is no number of JSON. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    if (!WHOLE_NUMBER.test(text)) throw new RangeError(`JSON has no number ${JSON.stringify(text)}`);
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** Deep enough for every real document; a bomb of brackets must not end the process. */
const DEPTH_MAX = 512;

/** Parses one JSON document (RFC 8259). Throws `SyntaxError` naming the offset; a duplicate name is an error. */
export function parseJson(text: string): JsonValue {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** Writes what `parseJson` gives, without blanks; `undefined` members are left out. Strings are well-formed JSON. */
export function stringifyJson(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : failOnNumber(value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => stringifyJson(item)).join(",")}]`;
  const members: string[] = [];
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${stringifyJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

function failOnNumber(value: number): never {
  throw new RangeError(`JSON has no number ${value}`);
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WHOLE_NUMBER = new RegExp(`^(?:${NUMBER.source})$`);
const INTEGER = /^-?[1-9][0-9]*$/;
/** Up to the end or to the first character that needs a closer look. */
const PLAIN_TEXT = /[ !#-[\]-\uFFFF]*/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonValue {
    if (depth > DEPTH_MAX) this.#fail("nested too deep");
    this.#blank();
    switch (this.#text.charAt(this.#at)) {
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#blank();
    if (this.#at < this.#text.length) this.#fail("text after the value");
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = Object.create(null) as JsonObject;
    this.#at += 1;
    this.#blank();
    if (this.#take("}")) return object;
    do {
      this.#blank();
      if (this.#text[this.#at] !== '"') this.#fail("a name expected");
      const name = this.#string();
      if (name in object) this.#fail(`duplicate name ${JSON.stringify(name)}`);
      this.#blank();
      if (!this.#take(":")) this.#fail("':' expected");
      object[name] = this.value(depth + 1);
      this.#blank();
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail("'}' expected");
    return object;
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#at += 1;
    this.#blank();
    if (this.#take("]")) return items;
    do {
      items.push(this.value(depth + 1));
      this.#blank();
    } while (this.#take(","));
    if (!this.#take("]")) this.#fail("']' expected");
    return items;
  }

  #string(): string {
    const start = this.#at;
    PLAIN_TEXT.lastIndex = start + 1;
    PLAIN_TEXT.test(this.#text);
    const plainEnd = PLAIN_TEXT.lastIndex;
    if (this.#text[plainEnd] === '"') {
      this.#at = plainEnd + 1;
      return this.#text.slice(start + 1, plainEnd);
    }
    const end = this.#closingQuote(plainEnd);
    try {
      // The platform's parser is strict about escapes and control characters, and fast.
      const text = JSON.parse(this.#text.slice(start, end + 1)) as string;
      this.#at = end + 1;
      return text;
    } catch {
      return this.#fail("a malformed string");
    }
  }

  /** The first quote from here on that no backslash takes away. */
  #closingQuote(from: number): number {
    for (let quote = this.#text.indexOf('"', from); quote !== -1; quote = this.#text.indexOf('"', quote + 1)) {
      let escapes = quote;
      while (escapes > from && this.#text[escapes - 1] === "\\") escapes -= 1;
      if ((quote - escapes) % 2 === 0) return quote;
    }
    return this.#fail("a string without an end");
  }

  #number(): number | bigint | JsonNumber {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) return this.#fail("a value expected");
    const text = this.#text.slice(this.#at, NUMBER.lastIndex);
    this.#at = NUMBER.lastIndex;
    const value = Number(text);
    if (Number.isSafeInteger(value) || !INTEGER.test(text)) {
      return String(value) === text ? value : new JsonNumber(text);
    }
    return BigInt(text);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail("a value expected");
    this.#at += word.length;
    return value;
  }

  #blank(): void {
    while (isBlank(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(why: string): never {
    throw new SyntaxError(`Invalid JSON at offset ${this.#at}: ${why}`);
  }
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}
