import { canonicalNumber, decimalParts, type PrimitiveName } from "../../../contract/index.ts";

const INTEGER_LIMITS: Readonly<Partial<Record<PrimitiveName, readonly [bigint, bigint]>>> = {
  byte: [-128n, 127n],
  short: [-32_768n, 32_767n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Types that a hint may give to a number. */
export function isNumberType(type: PrimitiveName): boolean {
  return type in INTEGER_LIMITS || type === "double" || type === "float" || decimalParts(type) !== undefined;
}

/**
 * Whether a column of this type gives the number's exact text back: the text is the canonical one of its value
 * (DynamoDB writes no other) and the type holds the value.
 */
export function fitsNumber(type: PrimitiveName, text: string): boolean {
  if (type === "string") return true;
  if (canonicalNumber(text) !== text) return false;
  const parts = decimalParts(type);
  if (parts !== undefined) return fitsDecimal(parts, text);
  const limits = INTEGER_LIMITS[type];
  if (limits !== undefined) return !text.includes(".") && BigInt(text) >= limits[0] && BigInt(text) <= limits[1];
  return numberText(type, type === "float" ? Math.fround(Number(text)) : Number(text)) === text;
}

/** The canonical text of a float or double as a column holds it. */
export function numberText(type: PrimitiveName, value: number): string | undefined {
  return canonicalNumber(type === "float" ? shortestFloat(value) : String(value));
}

function fitsDecimal({ precision, scale }: { precision: number; scale: number }, text: string): boolean {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  return fraction.length <= scale && (whole === "0" ? 0 : whole.length) <= precision - scale;
}

/** The shortest decimal text that a single-precision number is read back from. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits < 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toPrecision(9);
}
