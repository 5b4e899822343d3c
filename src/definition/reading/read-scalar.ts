import { nearMiss } from "./near-miss.ts";
import type { Place } from "./place.ts";
import { readEntries } from "./read-object.ts";

/** Each reader gives the value where it is right, else notes what was expected and gives undefined. */
export function readText(place: Place, value: unknown, what = "a text"): string | undefined {
  if (typeof value !== "string") return place.expected(what, value);
  if (value.trim() === "") return place.refuse(what, "an empty text");
  return value.includes("\0") ? place.refuse(what, "a text with a NUL character") : value;
}

export function readOptionalText(place: Place, value: unknown, what = "a text"): string | undefined {
  return value === undefined ? undefined : readText(place, value, what);
}

export function readFlag(place: Place, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  return typeof value === "boolean" ? value : (place.expected("true or false", value) ?? otherwise);
}

/** A share between 0 and 1. */
export function readShare(place: Place, value: unknown): number | undefined {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  return place.expected("a share from 0 to 1 such as 0.02", value);
}

export function readWholeNumber(
  place: Place,
  value: unknown,
  { least, most, what }: { readonly least: number; readonly most: number; readonly what: string },
): number | undefined {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  return place.expected(`${what} from ${least} to ${most}`, value);
}

export function readChoice<Choice extends string>(
  place: Place,
  value: unknown,
  choices: readonly Choice[],
): Choice | undefined {
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  const hint = typeof value === "string" ? nearMiss(value, choices) : "";
  return place.expected(choices.map((one) => JSON.stringify(one)).join(" or "), value, hint);
}

/** Texts by name: tags, properties. */
export function readTexts(place: Place, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const texts: [string, string][] = [];
  for (const [name, one] of readEntries(place, value, "texts by name") ?? []) {
    if (name.trim() === "") place.refuse("a name for each text", "an empty name");
    else if (typeof one === "string") texts.push([name, one]);
    else place.at(name).expected("a text", one);
  }
  return Object.fromEntries(texts);
}
