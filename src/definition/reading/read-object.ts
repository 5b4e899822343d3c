import { messageOf } from "../../base/index.ts";
import { markOf } from "../builders/mark.ts";
import { nearMiss } from "./near-miss.ts";
import type { Place } from "./place.ts";

/**
 * The known fields of an options object, each value as it is or undefined. Notes unknown fields.
 * Undefined (and noted) when the value is no plain object.
 */
export function readFields<Name extends string>(
  place: Place,
  value: unknown,
  { known, what = "an object" }: { readonly known: readonly Name[]; readonly what?: string },
): Readonly<Record<Name, unknown>> | undefined {
  const entries = readEntries(place, value, what);
  if (entries === undefined) return undefined;
  const fields = Object.fromEntries(known.map((name) => [name, undefined])) as Record<Name, unknown>;
  for (const [name, one] of entries) {
    const field = known.find((candidate) => candidate === name);
    if (field !== undefined) fields[field] = one;
    else if (one !== undefined) place.at(name).expected("a known field", name, unknownHint(name, known));
  }
  return fields;
}

/** Names and values of a plain object. Undefined (and noted) for anything else. */
export function readEntries(
  place: Place,
  value: unknown,
  what: string,
): readonly (readonly [name: string, value: unknown])[] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || markOf(value) !== undefined) {
    return place.expected(what, value);
  }
  if (!isPlain(value)) return place.refuse(`${what} written as { … }`, "an object with a prototype of its own");
  const entries: (readonly [string, unknown])[] = [];
  for (const name of Object.keys(value)) {
    try {
      entries.push([name, (value as Readonly<Record<string, unknown>>)[name]]);
    } catch (error) {
      place.at(name).refuse("a value", `a getter that throws: ${messageOf(error)}`);
    }
  }
  return entries;
}

/** The elements of a list. Undefined (and noted) for anything else. */
export function readList(place: Place, value: unknown, what: string): readonly unknown[] | undefined {
  return Array.isArray(value) ? Array.from<unknown>(value) : place.expected(what, value);
}

function unknownHint(name: string, known: readonly string[]): string {
  return nearMiss(name, known) || `known fields: ${known.join(", ")}`;
}

/** Made by `{}` or without a prototype, in whatever realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(Object(prototype), "isPrototypeOf");
}
