import { canonicalNumber, type AttributeMap, type AttributeValue } from "../../contract/index.ts";
import { UnfitValue } from "./attribute-value.ts";
import { PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from "./item-size.ts";

/** A key attribute of a table as DynamoDB declares it: the partition key first, then the sort key. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: "S" | "N" | "B";
}

/** The key of a row from its texts (`B`: base64). Throws `UnfitValue`. */
export function keyAttributes(texts: readonly string[], keys: readonly KeyAttribute[]): AttributeMap {
  return Object.fromEntries(keys.map((key, index) => [key.name, keyAttribute(texts[index] ?? "", key, index)]));
}

function keyAttribute(text: string, { name, type }: KeyAttribute, index: number): AttributeValue {
  if (type === "N") {
    const number = canonicalNumber(text);
    if (number === undefined)
      throw new UnfitValue(`key ${name} is ${JSON.stringify(text)}, which is no number of DynamoDB`);
    return { N: number };
  }
  if (text === "") throw new UnfitValue(`key ${name} is empty, which DynamoDB does not take`);
  const value = type === "B" ? { B: Buffer.from(text, "base64") } : { S: text };
  const bytes = type === "B" ? Buffer.from(text, "base64").length : Buffer.byteLength(text);
  const most = index === 0 ? PARTITION_KEY_BYTES_MAX : SORT_KEY_BYTES_MAX;
  if (bytes > most) throw new UnfitValue(`key ${name} has ${bytes} bytes, and DynamoDB takes ${most}`);
  return value;
}

/** The texts of a stored item's key, spelt as `keyAttributes` takes them. */
export function keyTexts(item: AttributeMap, keys: readonly KeyAttribute[]): readonly string[] {
  return keys.map(({ name }) => {
    const value = item[name];
    if (value === undefined) return "";
    if ("S" in value) return value.S;
    if ("N" in value) return canonicalNumber(value.N) ?? value.N;
    return "B" in value ? Buffer.from(value.B as Uint8Array).toString("base64") : "";
  });
}
