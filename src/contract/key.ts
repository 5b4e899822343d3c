import { SluiceError, assert } from "../base/index.ts";

/**
 * `_key`: the primary key as text, equal for equal keys and different for different ones.
 * Each part is `<tag>:<value>`, parts are joined by `|`; in values `%` is written `%25` and `|` is written `%7C`.
 * Tags: S string as it is, N canonical plain decimal (see `canonicalNumber`), B base64.
 */
export type KeyTag = "S" | "N" | "B";

export interface KeyPart {
  readonly tag: KeyTag;
  readonly value: string;
}

export function encodeKey(parts: readonly KeyPart[]): string {
  assert(parts.length > 0, "a key has at least one part");
  return parts.map((part) => `${part.tag}:${part.value.replaceAll("%", "%25").replaceAll("|", "%7C")}`).join("|");
}

/** The parts of a key that `encodeKey` wrote; any other text fails with `table.corrupt`. */
export function decodeKey(key: string): readonly KeyPart[] {
  return key.split("|").map((text) => {
    const [, tag, value] = PART.exec(text) ?? [];
    if (tag === undefined || value === undefined) {
      throw new SluiceError("table.corrupt", "Cannot read a key: it is not <tag>:<value>|…", { facts: { key } });
    }
    return { tag: tag as KeyTag, value: value.replaceAll("%7C", "|").replaceAll("%25", "%") };
  });
}

const PART = /^([SNB]):((?:[^%]|%25|%7C)*)$/s;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * The one spelling of a number's value: plain decimal, no exponent, no leading or trailing zeros, `0` for zero.
 * Undefined when the text is no number of DynamoDB (at most 38 significant digits, magnitude from 1e-130 to below 1e126).
 */
export function canonicalNumber(text: string): string | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutTrailingZeros(digits);
  if (significant === "") return "0";
  const point = digits.length - fraction.length + Number(exponent);
  if (significant.length > 38 || point > 126 || point < -129) return undefined;
  return (sign === "-" ? "-" : "") + plain(significant, point);
}

/** A loop: the pattern `0+$` takes quadratic time on a long row of zeros in the middle. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

function plain(significant: string, point: number): string {
  if (point <= 0) return `0.${"0".repeat(-point)}${significant}`;
  if (point >= significant.length) return significant.padEnd(point, "0");
  return `${significant.slice(0, point)}.${significant.slice(point)}`;
}
