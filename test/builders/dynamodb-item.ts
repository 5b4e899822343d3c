/** An attribute value in DynamoDB JSON: `{"S": "text"}`, `{"N": "12.50"}` … */
export type Attribute = { readonly [tag: string]: unknown };
export type Item = { readonly [name: string]: Attribute };

/** Values that `item` and `attribute` know. Numbers that a double does not hold exactly are written with `number`. */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | NumberText
  | ReadonlySet<string | number | bigint | NumberText | Uint8Array>
  | readonly Plain[]
  | { readonly [name: string]: Plain };

export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A number by its digits: `number("12.50")`. */
export function number(text: string): NumberText {
  return new NumberText(text);
}

/** `item({ id: "a", tags: new Set(["x"]) })` → `{"id": {"S": "a"}, "tags": {"SS": ["x"]}}` */
export function item(attributes: { readonly [name: string]: Plain }): Item {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attribute(value)]));
}

/** A value as DynamoDB JSON has it. Sets must be of one kind and not empty, as in DynamoDB. */
export function attribute(value: Plain): Attribute {
  if (value === null) return { NULL: true };
  if (typeof value === "string") return { S: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (typeof value === "number" || typeof value === "bigint") return { N: String(value) };
  if (value instanceof NumberText) return { N: value.text };
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString("base64") };
  if (value instanceof Set) return setAttribute([...value]);
  if (Array.isArray(value)) return { L: (value as readonly Plain[]).map((one) => attribute(one)) };
  return { M: item(value as { readonly [name: string]: Plain }) };
}

function setAttribute(members: readonly (string | number | bigint | NumberText | Uint8Array)[]): Attribute {
  const [first] = members;
  if (typeof first === "string") return { SS: members };
  if (first instanceof Uint8Array)
    return { BS: members.map((one) => Buffer.from(one as Uint8Array).toString("base64")) };
  return { NS: members.map((one) => (one instanceof NumberText ? one.text : String(one))) };
}
