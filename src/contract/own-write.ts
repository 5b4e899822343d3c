import { createHash } from "node:crypto";
import { canonicalNumber } from "./key.ts";

/** A value as DynamoDB's clients have it; in exports and streams `B` is base64. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array | string }
  | { readonly BOOL: boolean }
  | { readonly NULL: boolean }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: AttributeMap }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly (Uint8Array | string)[] };
export type AttributeMap = { readonly [name: string]: AttributeValue };

/**
 * The attribute that every item has which Sluice wrote into a table, a map: `publisher`, `epoch`, `version`, `written` (ms since the
 * epoch), `hash` (of the other attributes), and `deleted` where the item says that there is none. Whoever reads such a table as a source
 * tells by it what is an echo of Sluice's own writing.
 */
export const OWN_WRITE = "_sluice";

/**
 * Whether a change of an item is Sluice's own writing. With the image of before it is so where the marker is another one than before:
 * an application that updates an item leaves the marker as it is. Without one (a scan, an export, a stream of new images) it is so where
 * the item still is what was written. The removal of a tombstone by its TTL is part of the writing.
 */
export function isOwnWrite({
  newImage,
  oldImage,
}: {
  readonly newImage?: AttributeMap | undefined;
  readonly oldImage?: AttributeMap | undefined;
}): boolean {
  const before = markerOf(oldImage);
  if (newImage === undefined) return before !== undefined && ("deleted" in before || "mark" in before);
  const marker = markerOf(newImage);
  if (marker === undefined) return false;
  if ("mark" in marker) return true;
  if (oldImage !== undefined) return before === undefined || canonical({ M: before }) !== canonical({ M: marker });
  return isTextOf(marker["hash"], contentHash(newImage));
}

function isTextOf(value: AttributeValue | undefined, text: string): boolean {
  return value !== undefined && "S" in value && value.S === text;
}

/** What the marker of an item holds; undefined for an item that Sluice did not write. */
export function markerOf(item: AttributeMap | undefined): AttributeMap | undefined {
  const marker = item !== undefined && Object.hasOwn(item, OWN_WRITE) ? item[OWN_WRITE] : undefined;
  return marker !== undefined && "M" in marker ? marker.M : undefined;
}

/** Equal for items with equal attributes, the marker aside, however a store spells numbers and orders names and sets. 22 characters. */
export function contentHash(item: AttributeMap): string {
  const { [OWN_WRITE]: _marker, ...content } = item;
  return createHash("sha256").update(canonicalItem(content)).digest("base64url").slice(0, 22);
}

/** One text for items with equal attributes, however numbers are spelt and names and sets ordered. Fails on what is no item. */
export function canonicalItem(item: AttributeMap): string {
  return canonical({ M: item });
}

/** One text for one value. */
function canonical(value: AttributeValue): string {
  if ("S" in value) return `S${JSON.stringify(value.S)}`;
  if ("N" in value) return `N${canonicalNumber(value.N) ?? value.N}`;
  if ("B" in value) return `B${base64(value.B)}`;
  if ("BOOL" in value) return value.BOOL ? "true" : "false";
  if ("NULL" in value) return "null";
  if ("L" in value) return `[${value.L.map(canonical).join(",")}]`;
  if ("M" in value) {
    const names = Object.keys(value.M).toSorted();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value.M[name] ?? { NULL: true })}`).join(",")}}`;
  }
  if ("SS" in value) return `SS${JSON.stringify(value.SS.toSorted())}`;
  if ("NS" in value) return `NS${JSON.stringify(value.NS.map((one) => canonicalNumber(one) ?? one).toSorted())}`;
  return `BS${JSON.stringify(value.BS.map(base64).toSorted())}`;
}

function base64(bytes: Uint8Array | string): string {
  return typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("base64");
}
