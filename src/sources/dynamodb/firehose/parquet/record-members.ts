import { isMap, isStruct, type StructField } from "../../../../contract/index.ts";
import {
  attributesReader,
  jsonText,
  objectText,
  type Member,
  type Members,
  type ValueReader,
} from "./attribute-values.ts";
import { LayoutFlaw, shownType } from "./layout-flaw.ts";
import { plainJson } from "./plain-json.ts";
import type { KnownNames } from "./known-names.ts";

export interface LayoutOptions {
  /** The table's key attributes. */
  readonly keys: readonly string[];
  /** The user's word that the Glue table has every attribute, by its exact name. */
  readonly hasExactAttributes: boolean;
  readonly knownNames: KnownNames;
}

type Kind = "text" | "identity" | "time" | "image" | "other";
type Known = ReadonlyMap<string, { readonly name: string; readonly kind: Kind }>;

function known(kinds: Readonly<Record<string, Kind>>): Known {
  return new Map(Object.entries(kinds).map(([name, kind]) => [name.toLowerCase(), { name, kind }]));
}

/** What stands around a change, and in it (DynamoDB Streams API Reference, "Record", "StreamRecord"; Developer Guide, "Kinesis Data Streams"). */
export const OUTER = known({
  awsRegion: "text",
  eventID: "text",
  eventName: "text",
  eventSource: "text",
  eventSourceARN: "text",
  eventVersion: "text",
  recordFormat: "text",
  tableName: "text",
  userIdentity: "identity",
  dynamodb: "other",
});
export const INNER = known({
  ApproximateCreationDateTime: "time",
  ApproximateCreationDateTimePrecision: "text",
  Keys: "image",
  NewImage: "image",
  OldImage: "image",
  SequenceNumber: "text",
  SizeBytes: "other",
  StreamViewType: "text",
});

export const folded = ({ name }: StructField): string => name.toLowerCase();

export function missing(names: readonly string[]): LayoutFlaw {
  const advice = `Declare ${names.join(", ")} in the Glue table: what it has no column for Firehose leaves out. Files that are there already can be delivered again as JSON.`;
  return new LayoutFlaw(`it has no column ${names.join(", ")}`, advice);
}

export function outerMember(field: StructField): Member {
  const { name = field.name, kind = "other" } = OUTER.get(folded(field)) ?? {};
  const read = kind === "identity" ? identityReader(field) : plainReader(field, kind);
  return { name: field.name, label: `${JSON.stringify(name)}:`, read };
}

function plainReader({ name, type }: StructField, kind: Kind): ValueReader {
  if (kind === "text" && type !== "string") {
    throw new LayoutFlaw(`${name} is ${shownType(type)}, not text`, `Declare ${name} as \`string\` in the Glue table.`);
  }
  return (value) => plainJson(value, type);
}

/** By whom it was made: a TTL delete is told apart by nothing else. */
function identityReader({ name, type }: StructField): ValueReader {
  if (type === "string") {
    return (value) => {
      const text = (value as string).trim();
      if (text === "" || text === "null") return "null";
      const said = JSON.parse(jsonText(text, name, "{")) as Readonly<Record<string, unknown>>;
      return JSON.stringify(Object.fromEntries(Object.entries(said).map(([one, content]) => [identityName(one), content]))); // prettier-ignore
    };
  }
  if (isMap(type) && type.keyType === "string" && type.valueType === "string") {
    return (value) => JSON.stringify(Object.fromEntries(Object.entries(value as Members).map(([one, content]) => [identityName(one), content]))); // prettier-ignore
  }
  if (isStruct(type) && type.fields.some((field) => folded(field) === "principalid")) {
    const members = type.fields.map((field): Member => ({ name: field.name, label: `${JSON.stringify(identityName(field.name))}:`, read: plainReader(field, "text") })); // prettier-ignore
    return (value) => {
      const text = objectText(value, members);
      return text === "{}" ? "null" : text;
    };
  }
  throw new LayoutFlaw(
    `${name} is ${shownType(type)}, and does not tell by whom a change was made`,
    `Declare ${name} as \`struct<principalid:string,type:string>\` or as \`string\`.`,
  );
}

function identityName(name: string): string {
  return name.toLowerCase() === "principalid" ? "principalId" : name.toLowerCase() === "type" ? "type" : name;
}

export function innerMember(field: StructField, before: string, options: LayoutOptions): Member {
  const { name = field.name, kind = "other" } = INNER.get(folded(field)) ?? {};
  const label = `${JSON.stringify(name)}:`;
  const where = before + name;
  const read =
    kind === "image" ? imageReader(name, field, { where, options }) : kind === "time" ? timeReader(field, where) : plainReader(field, kind); // prettier-ignore
  return { name: field.name, label, read };
}

function imageReader(
  name: string,
  { type }: StructField,
  { where, options }: { readonly where: string; readonly options: LayoutOptions },
): ValueReader {
  const { keys, hasExactAttributes, knownNames } = options;
  // The definition says how the attributes of the key are called.
  if (name === "Keys") {
    const spelt = (key: string): string => keys.find((one) => one === key) ?? keys.find((one) => one.toLowerCase() === key) ?? key; // prettier-ignore
    requireKeys(type, keys.map((key) => key.toLowerCase()), where); // prettier-ignore
    return attributesReader(type, where, { spelt, onSchema: () => undefined });
  }
  let unsure: string | undefined;
  const spelt = (attribute: string): string => knownNames.check(attribute);
  const read = attributesReader(type, where, { spelt, onSchema: (place) => (unsure ??= place) });
  if (unsure !== undefined && !hasExactAttributes) {
    throw new LayoutFlaw(
      `the Glue types of ${unsure} show neither whether every attribute is in the file nor whether its name has kept its capital letters`,
      "Declare the image as `string` or `map<string,string>` and set CaseInsensitive of the OpenX JSON SerDe to false. Where the Glue table has every attribute by its exact name, say so: `firehose: { files, exactAttributes: true }`.",
    );
  }
  requireKeys(type, keys.map((key) => key.toLowerCase()), where); // prettier-ignore
  return read;
}

function requireKeys(type: StructField["type"], keys: readonly string[], where: string): void {
  if (!isStruct(type)) return;
  const there = new Set(type.fields.map((field) => folded(field)));
  const lacking = keys.filter((key) => !there.has(key));
  if (lacking.length > 0) throw missing(lacking.map((key) => `${where}.${key}`));
}

const WHOLE_NUMBERS: ReadonlySet<unknown> = new Set(["long", "integer", "double", "string"]);

/** `ApproximateCreationDateTime` as a number of JSON. */
function timeReader({ type }: StructField, where: string): ValueReader {
  const isExact = WHOLE_NUMBERS.has(type) || (typeof type === "string" && type.startsWith("decimal("));
  if (!isExact) {
    throw new LayoutFlaw(
      `${where} is ${shownType(type)}, which does not hold the time as DynamoDB says it`,
      "Declare it as `bigint` in the Glue table.",
    );
  }
  return (value) => {
    const text = typeof value === "string" ? value.trim() : plainJson(value, type);
    return /^[\d.eE+-]+$/.test(text) ? text : JSON.stringify(text);
  };
}
