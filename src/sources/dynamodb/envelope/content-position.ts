import { createHash } from "node:crypto";
import { canonicalItem, type AttributeMap } from "../../../contract/index.ts";
import type { Place } from "../live/json-items.ts";
import type { Images } from "./change-line.ts";

/** Hexadecimal digits: as wide as a stream's sequence number. */
const DIGITS = 40;

/**
 * What stands for a record that is delivered more than once, each time with another number: a hash of what it says, whatever its spelling
 * (DESIGN, "Order"). `kind`: what it says beside its images. Equal for equal images and kinds; 40 hexadecimal digits.
 */
export function contentPosition(bytes: Uint8Array, images: Images, kind: string): string {
  const hash = createHash("sha256").update(kind);
  for (const place of [images.keys, images.newImage, images.oldImage]) hash.update(`\n${textOf(bytes, place)}`);
  return hash.digest("hex").slice(0, DIGITS);
}

function textOf(bytes: Uint8Array, place: Place | undefined): string {
  if (place === undefined) return "";
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + place[0], place[1] - place[0]).toString("utf8");
  try {
    // Numbers of DynamoDB are texts, so nothing is lost by this parser.
    return canonicalItem(JSON.parse(text) as AttributeMap);
  } catch {
    // No item: the scanner says why, and the record goes to quarantine.
    return text;
  }
}
