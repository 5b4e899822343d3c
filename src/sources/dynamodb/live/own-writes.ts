import { OWN_WRITE, isOwnWrite, type AttributeMap } from "../../../contract/index.ts";
import type { Place } from "./json-items.ts";

const NAME = Buffer.from(`"${OWN_WRITE}"`);

/**
 * Whether a change, or an item of a scan, is what a publisher of Sluice wrote: taken in, it would go round in circles. Images are parsed
 * only where the marker's name is in them.
 */
export function isOwn(bytes: Uint8Array, images: { readonly newImage?: Place; readonly oldImage?: Place }): boolean {
  const { newImage, oldImage } = images;
  if (!hasName(bytes, newImage) && !hasName(bytes, oldImage)) return false;
  return isOwnWrite({ newImage: imageAt(bytes, newImage), oldImage: imageAt(bytes, oldImage) });
}

/** Whether an item that Sluice wrote may be among these. */
export function hasMarker(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(NAME);
}

function hasName(bytes: Uint8Array, place: Place | undefined): boolean {
  return place !== undefined && slice(bytes, place).includes(NAME);
}

function imageAt(bytes: Uint8Array, place: Place | undefined): AttributeMap | undefined {
  return place === undefined ? undefined : (JSON.parse(slice(bytes, place).toString("utf8")) as AttributeMap);
}

function slice(bytes: Uint8Array, [start, end]: Place): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
