import type { BronzeDefinition, ColumnHint, SourceDefinition } from "../model.ts";
import { contentsOf } from "../builders/mark.ts";
import type { Place } from "../reading/place.ts";
import { readFields } from "../reading/read-object.ts";
import { readShare, readTexts } from "../reading/read-scalar.ts";
import { readAutoCompaction } from "./auto-compaction.ts";
import { readColumns, type ReadColumns } from "./columns.ts";
import { readDms } from "./dms.ts";
import { readDynamoDb } from "./dynamodb.ts";
import { MEANING_FIELDS, readMeaning } from "./meaning.ts";
import { readReconcile } from "./reconcile.ts";

const UNREADABLE_AT_MOST = 0.01;
const NO_ORIGIN = "a column without an origin: a Bronze column is the attribute of its name";

/** The Bronze table that these options describe; undefined (and noted) where they do not. */
export function readBronze(
  place: Place,
  name: string,
  { options, folder }: { readonly options: unknown; readonly folder: string },
): BronzeDefinition | undefined {
  const fields = readFields(place, options, {
    known: [...MEANING_FIELDS, "source", "columns", "unreadable", "reconcile"],
  });
  if (fields === undefined) return undefined;
  const source = readSource(place.at("source"), fields.source, folder);
  const hints =
    fields.columns === undefined ? [] : columnHints(readColumns(place.at("columns"), fields.columns, NO_ORIGIN));
  const unreadable =
    fields.unreadable === undefined ? UNREADABLE_AT_MOST : readShare(place.at("unreadable"), fields.unreadable);
  const meaning = readMeaning(place, fields);
  const properties = readTexts(place.at("properties"), fields.properties);
  const autoCompact = readAutoCompaction(place.at("autoCompact"), fields.autoCompact);
  const reconcile = readReconcile(place.at("reconcile"), fields.reconcile, source);
  if (source === undefined || unreadable === undefined) return undefined;
  const written = { meaning, source, hints, unreadableAtMost: unreadable, properties, autoCompact };
  return { layer: "bronze", name: `bronze.${name}`, ...written, ...(reconcile === undefined ? {} : { reconcile }) };
}

export function columnHints({ columns }: ReadColumns): readonly ColumnHint[] {
  return columns.map(({ name, type, meaning }) => ({ name, type, meaning }));
}

function readSource(place: Place, value: unknown, folder: string): SourceDefinition | undefined {
  const contents = contentsOf(value, "source");
  if (contents === undefined) return place.expected("a source such as dynamodb({ … })", value);
  if (contents.system === "dms") return readDms(place, contents.options, folder);
  return readDynamoDb(place, contents.options, folder);
}
