import { isArray, isMap, isStruct, type DataType, type StructField } from "../../../../contract/index.ts";
import type { Value } from "../../../../engine/index.ts";
import { NoRecord } from "../../envelope/read-envelope.ts";
import { LayoutFlaw, shownType } from "./layout-flaw.ts";

/** Structs and maps are objects here, and what is neither text nor boolean in them is text (`rowOf`). */
export type Members = Readonly<Record<string, Value>>;

/** The JSON text of a value that is not null. Fails with `NoRecord` where the value says less than DynamoDB did. */
export type ValueReader = (value: Value) => string;

export interface AttributeNames {
  /** How an attribute is called that stands in a file under this name. */
  readonly spelt: (name: string) => string;
  /** Told of each place where names come from a schema, which shows neither their capital letters nor what it leaves out. */
  readonly onSchema: (where: string) => void;
}

const TAGS = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"] as const;
type Tag = (typeof TAGS)[number];

const TEXT_ADVICE =
  "Declare the image as `string` in the Glue table, of which the OpenX JSON SerDe makes the JSON text of DynamoDB, or as `map<string,struct<S:string,N:string,…>>`.";

/** Attributes by name: an image, or what a value of type M holds. As JSON text, as a map, or as a struct in which null stands for none. */
export function attributesReader(type: DataType, where: string, names: AttributeNames): ValueReader {
  if (type === "string") return (value) => jsonText(value, where, "{");
  if (isMap(type) && type.keyType === "string") {
    const read = attributeReader(type.valueType, `${where}[…]`, names);
    return (value) => {
      const parts = Object.entries(value as Members).map(([name, attribute]) => {
        if (attribute === null) throw new NoRecord(`${where} has no value of ${JSON.stringify(name)}`);
        return `${JSON.stringify(names.spelt(name))}:${read(attribute)}`;
      });
      return `{${parts.join(",")}}`;
    };
  }
  if (!isStruct(type)) throw new LayoutFlaw(`${where} is ${shownType(type)}, and holds no attributes`, TEXT_ADVICE);
  names.onSchema(where);
  const members = type.fields.map((field) => memberOf(field, where, names));
  return (value) => objectText(value, members);
}

export interface Member {
  /** As it stands in the file. */
  readonly name: string;
  /** `"name":` */
  readonly label: string;
  readonly read: ValueReader;
}

function memberOf({ name, type }: StructField, where: string, names: AttributeNames): Member {
  return {
    name,
    label: `${JSON.stringify(names.spelt(name))}:`,
    read: attributeReader(type, `${where}.${name}`, names),
  };
}

/** An object of the members that are not null. */
export function objectText(value: Value, members: readonly Member[]): string {
  const parts: string[] = [];
  for (const { name, label, read } of members) {
    const content = (value as Members)[name] ?? null;
    if (content !== null) parts.push(label + read(content));
  }
  return `{${parts.join(",")}}`;
}

/** One value with its type, `{"N":"12.50"}`: as JSON text, as a map of one entry, or as a struct of which one member is not null. */
function attributeReader(type: DataType, where: string, names: AttributeNames): ValueReader {
  if (type === "string") return (value) => attributeText(value, where);
  if (isMap(type) && type.keyType === "string") {
    const tags = TAGS.map((tag) => [tag, contentReader(tag, type.valueType, where, names)] as const);
    const read: ReadonlyMap<string, ValueReader> = new Map(tags);
    return (value) => {
      const there = Object.entries(value as Members).filter(([, content]) => content !== null);
      return oneOf(there.map(([tag, content]) => [tag, read.get(tag)?.(content)]), where); // prettier-ignore
    };
  }
  if (!isStruct(type))
    throw new LayoutFlaw(`${where} is ${shownType(type)}, which tells no type of DynamoDB`, TEXT_ADVICE);
  names.onSchema(where);
  const members = type.fields.map(({ name, type: content }) => {
    const tag = TAGS.find((one) => one === name.toUpperCase());
    if (tag === undefined) throw new LayoutFlaw(`${where} has ${name}, which is no type of DynamoDB`, TEXT_ADVICE);
    return { name, tag, read: contentReader(tag, content, `${where}.${tag}`, names) };
  });
  return (value) => {
    const found: (readonly [string, string])[] = [];
    for (const { name, tag, read } of members) {
      const content = (value as Members)[name] ?? null;
      if (content !== null) found.push([tag, read(content)]);
    }
    return oneOf(found, where);
  };
}

function oneOf(found: readonly (readonly [tag: string, content: string | undefined])[], where: string): string {
  const [one, ...others] = found;
  if (others.length > 0) throw new NoRecord(`${where} is of two types at once`);
  if (one === undefined) throw new NoRecord(`${where} is of a type that the file has no column for`);
  if (one[1] === undefined) throw new NoRecord(`${where} is of no type of DynamoDB: ${JSON.stringify(one[0])}`);
  return `{"${one[0]}":${one[1]}}`;
}

/** What stands behind a type's tag. Whether it is a number, base64 and so on is for whoever reads the record to say. */
function contentReader(tag: Tag, type: DataType, where: string, names: AttributeNames): ValueReader {
  // What is known of the table's own attributes says nothing of those inside of them.
  const inside = { ...names, spelt: (name: string) => name };
  if (tag === "M") return attributesReader(type, where, inside);
  if (FLAGS.has(tag)) {
    if (type !== "boolean" && type !== "string") throw notExact(tag, type, where);
    return (value) => flag(value, tag, where);
  }
  if (!LISTS.has(tag)) {
    if (type !== "string") throw notExact(tag, type, where);
    return (value) => JSON.stringify(value);
  }
  if (type === "string") return (value) => jsonText(value, where, "[");
  const isOfTexts = isArray(type) && type.elementType === "string";
  if (!isArray(type) || (tag !== "L" && !isOfTexts)) throw notExact(tag, type, where);
  const read: ValueReader =
    tag === "L" ? attributeReader(type.elementType, `${where}[…]`, inside) : (value) => JSON.stringify(value);
  return (value) => listText(value, read, where);
}

const FLAGS: ReadonlySet<Tag> = new Set(["BOOL", "NULL"]);
const LISTS: ReadonlySet<Tag> = new Set(["SS", "NS", "BS", "L"]);

function notExact(tag: Tag, type: DataType, where: string): LayoutFlaw {
  const wish = FLAGS.has(tag) ? "boolean" : LISTS.has(tag) ? "array<string>" : "string";
  return new LayoutFlaw(
    `${where} is ${shownType(type)}, which does not keep every value of the type ${tag}`,
    `Declare ${tag} as \`${wish}\` in the Glue table: it holds what DynamoDB said to the last digit, and bytes as base64.`,
  );
}

function flag(value: Value, tag: Tag, where: string): string {
  const text = typeof value === "string" ? value : String(value === true);
  if (text === "true" || (tag === "BOOL" && text === "false")) return text;
  throw new NoRecord(`${where} is neither true nor false`);
}

function listText(value: Value, read: ValueReader, where: string): string {
  const elements = (value as readonly Value[]).map((element) => {
    if (element === null) throw new NoRecord(`${where} has an element without a value`);
    return read(element);
  });
  return `[${elements.join(",")}]`;
}

function attributeText(value: Value, where: string): string {
  const text = jsonText(value, where, "{");
  const tags = Object.keys(JSON.parse(text) as object);
  if (tags.length === 1 && TAGS.some((tag) => tag === tags[0])) return text;
  throw new NoRecord(`${where} is no value of DynamoDB with its type`);
}

/** JSON text that begins with this bracket, on one line. */
export function jsonText(value: Value, where: string, begin: "{" | "["): string {
  const text = (value as string).trim();
  try {
    JSON.parse(text);
  } catch {
    throw new NoRecord(`${where} is no JSON`);
  }
  if (!text.startsWith(begin)) throw new NoRecord(`${where} is no JSON that begins with ${begin}`);
  // Outside of strings a break is a blank like any other, and inside of them JSON has none.
  return text.replace(/[\n\r]/g, " ");
}
