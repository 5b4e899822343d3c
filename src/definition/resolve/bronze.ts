import type { BronzeDefinition, ColumnHint, DynamoDbDefinition } from "../model.ts";
import { contentsOf } from "../builders/mark.ts";
import type { Place } from "../reading/place.ts";
import { readFields, readList } from "../reading/read-object.ts";
import { readFlag, readOptionalText, readShare, readText, readTexts } from "../reading/read-scalar.ts";
import { readAutoCompaction } from "./auto-compaction.ts";
import { readColumns, type ReadColumns } from "./columns.ts";
import { readLocation } from "./locations.ts";
import { MEANING_FIELDS, readMeaning } from "./meaning.ts";

const UNREADABLE_AT_MOST = 0.01;
const NO_ORIGIN = "a column without an origin: a Bronze column is the attribute of its name";

/** The Bronze table that these options describe; undefined (and noted) where they do not. */
export function readBronze(
  place: Place,
  name: string,
  { options, folder }: { readonly options: unknown; readonly folder: string },
): BronzeDefinition | undefined {
  const fields = readFields(place, options, { known: [...MEANING_FIELDS, "source", "columns", "unreadable"] });
  if (fields === undefined) return undefined;
  const source = readSource(place.at("source"), fields.source, folder);
  const hints =
    fields.columns === undefined ? [] : columnHints(readColumns(place.at("columns"), fields.columns, NO_ORIGIN));
  const unreadable =
    fields.unreadable === undefined ? UNREADABLE_AT_MOST : readShare(place.at("unreadable"), fields.unreadable);
  const meaning = readMeaning(place, fields);
  const properties = readTexts(place.at("properties"), fields.properties);
  const autoCompact = readAutoCompaction(place.at("autoCompact"), fields.autoCompact);
  if (source === undefined || unreadable === undefined) return undefined;
  const written = { meaning, source, hints, unreadableAtMost: unreadable, properties, autoCompact };
  return { layer: "bronze", name: `bronze.${name}`, ...written };
}

export function columnHints({ columns }: ReadColumns): readonly ColumnHint[] {
  return columns.map(({ name, type, meaning }) => ({ name, type, meaning }));
}

function readSource(place: Place, value: unknown, folder: string): DynamoDbDefinition | undefined {
  const contents = contentsOf(value, "source");
  if (contents === undefined) return place.expected("a source such as dynamodb({ … })", value);
  const known = ["table", "keys", "export", "ttl", "requireFullExport", "stream", "scan"] as const;
  const fields = readFields(place, contents.options, { known });
  if (fields === undefined) return undefined;
  const table = readText(place.at("table"), fields.table, "the DynamoDB table's name");
  const keys = readSourceKeys(place.at("keys"), fields.keys);
  const exportFolder = readLocation(place.at("export"), fields.export, folder);
  const ttl = readOptionalText(place.at("ttl"), fields.ttl, "the TTL attribute's name");
  if (ttl !== undefined && keys?.includes(ttl) === true)
    place.at("ttl").refuse("an attribute that is no key", `"${ttl}"`);
  const requireFullExport = readFlag(place.at("requireFullExport"), fields.requireFullExport, true);
  refuseChannel(place.at("stream"), fields.stream, "reading the table's stream");
  refuseChannel(place.at("scan"), fields.scan, "scanning the table");
  if (table === undefined || keys === undefined || exportFolder === undefined) return undefined;
  const ttlAttribute = ttl === undefined ? {} : { ttlAttribute: ttl };
  return { kind: "dynamodb", table, keys, exportFolder, ...ttlAttribute, requireFullExport };
}

function readSourceKeys(place: Place, value: unknown): readonly string[] | undefined {
  const what = 'the primary key attributes, one or two, such as ["order_id"]';
  const list = readList(place, value, what);
  if (list === undefined) return undefined;
  const keys = list.flatMap((one, index) => readText(place.item(index), one, "an attribute's name") ?? []);
  if (keys.length < list.length) return undefined;
  if (keys.length === 0 || keys.length > 2) return place.expected(what, value);
  return new Set(keys).size === keys.length ? keys : place.refuse(what, `${JSON.stringify(keys[0])} twice`);
}

function refuseChannel(place: Place, value: unknown, what: string): void {
  if (value === undefined || value === false) return;
  place.refuse("nothing here", value === true ? "true" : "a value", `${what} is not available yet`);
}
