import { JsonNumber, SluiceError, type JsonObject, type JsonValue } from "../../base/index.ts";

/** Reads members of one action; a member of the wrong kind fails with `table.corrupt` naming file, action and member. */
export class ActionMembers {
  readonly #members: JsonObject;
  readonly #where: string;
  readonly #action: string;

  constructor(value: JsonValue | undefined, action: string, where: string) {
    this.#where = where;
    this.#action = action;
    this.#members = isObject(value) ? value : this.fail("an object expected");
  }

  string(name: string): string {
    return this.optionalString(name) ?? this.fail(`${name} is missing`);
  }

  optionalString(name: string): string | undefined {
    const value = this.#members[name] ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    return this.fail(`${name} is not text`);
  }

  integer(name: string): number {
    return this.optionalInteger(name) ?? this.fail(`${name} is missing`);
  }

  optionalInteger(name: string): number | undefined {
    const value = this.#members[name] ?? undefined;
    if (value === undefined) return undefined;
    const number = value instanceof JsonNumber ? Number(value.text) : value;
    if (typeof number === "number" && Number.isSafeInteger(number)) return number;
    return this.fail(`${name} is not a whole number below 2^53`);
  }

  /** A whole number that is not negative. */
  count(name: string): number {
    return this.optionalCount(name) ?? this.fail(`${name} is missing`);
  }

  optionalCount(name: string): number | undefined {
    const value = this.optionalInteger(name);
    return value !== undefined && value < 0 ? this.fail(`${name} is negative`) : value;
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#members[name] ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    return this.fail(`${name} is not true or false`);
  }

  optionalStrings(name: string): readonly string[] | undefined {
    const value = this.#members[name] ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.fail(`${name} is not a list`);
    return value.map((item) => (typeof item === "string" ? item : this.fail(`${name} holds something else than text`)));
  }

  /** A map of text to text or null. */
  optionalMap(name: string): Record<string, string | null> | undefined {
    const value = this.optionalObject(name);
    if (value === undefined) return undefined;
    const map = emptyRecord<string | null>();
    for (const [key, item] of Object.entries(value)) {
      map[key] = item === null || typeof item === "string" ? item : this.fail(`${name}.${key} is not text`);
    }
    return map;
  }

  optionalList(name: string): readonly JsonValue[] | undefined {
    const value = this.#members[name] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    return this.fail(`${name} is not a list`);
  }

  optionalObject(name: string): JsonObject | undefined {
    const value = this.#members[name] ?? undefined;
    if (value === undefined || isObject(value)) return value;
    return this.fail(`${name} is not an object`);
  }

  nested(name: string): ActionMembers | undefined {
    const value = this.optionalObject(name);
    return value === undefined ? undefined : new ActionMembers(value, `${this.#action}.${name}`, this.#where);
  }

  /** Members beside the named ones that hold something; undefined when there are none. */
  rest(known: ReadonlySet<string>): JsonObject | undefined {
    const rest = emptyRecord<JsonValue>();
    for (const [name, value] of Object.entries(this.#members)) {
      if (!known.has(name) && value !== null) rest[name] = value;
    }
    return Object.keys(rest).length === 0 ? undefined : rest;
  }

  fail(why: string): never {
    throw new SluiceError("table.corrupt", `Cannot read ${this.#where}: action ${this.#action}: ${why}`);
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);
}

/** A record without a prototype, so that `__proto__` is a column name like any other. */
export function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** A member to spread into an object: nothing when the value is undefined. */
export function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value });
}
