import type { DmsSettings, DmsTable } from "../../contract/index.ts";
import type { DmsDefinition } from "../model.ts";
import type { Place } from "../reading/place.ts";
import { readFields, readList } from "../reading/read-object.ts";
import { readChoice, readFlag, readOptionalText, readText } from "../reading/read-scalar.ts";
import { readLocation } from "./locations.ts";

/** All settings of an S3 endpoint (AWS DMS API Reference, "S3Settings"): those that mean nothing here are let pass, a misspelt one is not. */
const SETTINGS = [
  "AddColumnName",
  "AddTrailingPaddingCharacter",
  "BucketFolder",
  "BucketName",
  "CannedAclForObjects",
  "CdcInsertsAndUpdates",
  "CdcInsertsOnly",
  "CdcMaxBatchInterval",
  "CdcMinFileSize",
  "CdcPath",
  "CompressionType",
  "CsvDelimiter",
  "CsvNoSupValue",
  "CsvNullValue",
  "CsvRowDelimiter",
  "DataFormat",
  "DataPageSize",
  "DatePartitionDelimiter",
  "DatePartitionEnabled",
  "DatePartitionSequence",
  "DatePartitionTimezone",
  "DictPageSizeLimit",
  "EnableStatistics",
  "EncodingType",
  "EncryptionMode",
  "ExpectedBucketOwner",
  "ExternalTableDefinition",
  "GlueCatalogGeneration",
  "IgnoreHeaderRows",
  "IncludeOpForFullLoad",
  "MaxFileSize",
  "ParquetTimestampInMillisecond",
  "ParquetVersion",
  "PreserveTransactions",
  "Rfc4180",
  "RowGroupLength",
  "ServerSideEncryptionKmsKeyId",
  "ServiceAccessRoleArn",
  "TimestampColumnName",
  "UseCsvNoSupValue",
  "UseTaskStartTimeForFullLoadTimestamp",
] as const;

const KNOWN = [
  "folder",
  "schema",
  "table",
  "keys",
  "columns",
  "sequenceColumn",
  "beforeImagePrefix",
  "settings",
] as const;

export function readDms(place: Place, options: unknown, folder: string): DmsDefinition | undefined {
  const fields = readFields(place, options, { known: KNOWN });
  if (fields === undefined) return undefined;
  const location = readLocation(place.at("folder"), fields.folder, folder);
  const schema = readFolderName(place.at("schema"), fields.schema, "the schema's name");
  const table = readFolderName(place.at("table"), fields.table, "the table's name");
  const keys = readNames(place.at("keys"), fields.keys, 'the primary key\'s columns, such as ["id"]');
  const columns =
    fields.columns === undefined
      ? undefined
      : readNames(place.at("columns"), fields.columns, 'the columns in their order, such as ["id", "name"]');
  const sequenceColumn = readOptionalText(place.at("sequenceColumn"), fields.sequenceColumn, "a column's name");
  const prefix = readOptionalText(place.at("beforeImagePrefix"), fields.beforeImagePrefix, "a prefix such as BI_");
  const settings = readSettings(place.at("settings"), fields.settings ?? {});
  if (location === undefined || schema === undefined || table === undefined) return undefined;
  if (keys === undefined || settings === undefined) return undefined;
  if (columns !== undefined || fields.columns === undefined) {
    checkColumns(place, { keys, columns, sequenceColumn, settings });
    checkBeforeImages(place.at("beforeImagePrefix"), prefix, { keys, columns });
  }
  return {
    kind: "dms",
    folder: location,
    schema,
    table,
    keys,
    ...(columns === undefined ? {} : { columns }),
    ...(sequenceColumn === undefined ? {} : { sequenceColumn }),
    ...(prefix === undefined ? {} : { beforeImagePrefix: prefix }),
    settings: settings.settings,
  };
}

interface ReadSettings {
  readonly settings: DmsSettings;
  readonly isParquet: boolean;
}

type Settings = Readonly<Record<(typeof SETTINGS)[number], unknown>>;

function readSettings(place: Place, value: unknown): ReadSettings | undefined {
  const fields = readFields(place, value, { known: SETTINGS, what: "the endpoint's S3Settings" });
  if (fields === undefined) return undefined;
  const texts = readCsvTexts(place, fields);
  const timestamp = readOptionalText(place.at("TimestampColumnName"), fields.TimestampColumnName, "a column's name");
  const written = {
    addColumnName: readFlag(place.at("AddColumnName"), fields.AddColumnName, false),
    rfc4180: readFlag(place.at("Rfc4180"), fields.Rfc4180, true),
    ...(timestamp === undefined ? {} : { timestampColumnName: timestamp }),
    ...readOperations(place, fields),
    ...readTransactions(place, fields),
  };
  const format = readChoice(place.at("DataFormat"), fields.DataFormat ?? "csv", ["csv", "parquet"]);
  return texts === undefined ? undefined : { isParquet: format === "parquet", settings: { ...written, ...texts } };
}

function readCsvTexts(
  place: Place,
  fields: Settings,
): Pick<DmsSettings, "csvDelimiter" | "csvRowDelimiter" | "csvNullValue"> | undefined {
  const csvDelimiter = readDelimiter(place.at("CsvDelimiter"), fields.CsvDelimiter, ",");
  const csvRowDelimiter = readDelimiter(place.at("CsvRowDelimiter"), fields.CsvRowDelimiter, "\n");
  const csvNullValue = fields.CsvNullValue ?? "NULL";
  if (typeof csvNullValue !== "string") return place.at("CsvNullValue").expected("a text", csvNullValue);
  if (csvDelimiter === undefined || csvRowDelimiter === undefined) return undefined;
  if (csvDelimiter === csvRowDelimiter) place.at("CsvDelimiter").refuse("another text than between rows", "the same");
  return { csvDelimiter, csvRowDelimiter, csvNullValue };
}

/** Where deletes are not written, the operation may be left out. */
function readOperations(place: Place, fields: Settings): Pick<DmsSettings, "withoutDeletes"> {
  const inserts = readFlag(place.at("CdcInsertsOnly"), fields.CdcInsertsOnly, false);
  const updates = readFlag(place.at("CdcInsertsAndUpdates"), fields.CdcInsertsAndUpdates, false);
  if (inserts && updates) place.at("CdcInsertsAndUpdates").refuse("false where CdcInsertsOnly is true", "true");
  if (inserts) return { withoutDeletes: "I" };
  return updates ? { withoutDeletes: "U" } : {};
}

function readTransactions(place: Place, fields: Settings): Pick<DmsSettings, "cdcPath"> {
  const preserves = readFlag(place.at("PreserveTransactions"), fields.PreserveTransactions, false);
  const what = "the folder of transaction files below the bucket folder";
  const path = readOptionalText(place.at("CdcPath"), fields.CdcPath, what);
  if (!preserves) return {};
  if (path === undefined) return place.at("CdcPath").expected(what, path) ?? {};
  return { cdcPath: path.replaceAll(/^\/+|\/+$/g, "") };
}

function checkColumns(
  place: Place,
  {
    keys,
    columns,
    sequenceColumn,
    settings: { settings, isParquet },
  }: Pick<DmsTable, "keys"> & {
    readonly columns: readonly string[] | undefined;
    readonly sequenceColumn: string | undefined;
    readonly settings: ReadSettings;
  },
): void {
  const { addColumnName, timestampColumnName, cdcPath } = settings;
  if (columns === undefined) {
    const needs = cdcPath !== undefined || (!isParquet && !addColumnName);
    if (needs) place.at("columns").expected("the columns in their order: the files have no header", columns);
    return;
  }
  for (const [index, key] of keys.entries()) {
    if (!columns.includes(key)) place.at("keys").item(index).refuse("one of `columns`", JSON.stringify(key));
  }
  if (timestampColumnName !== undefined && !columns.includes(timestampColumnName)) {
    const expected = `the columns as they stand in the files, with ${JSON.stringify(timestampColumnName)} in its place`;
    place.at("columns").refuse(expected, "columns without it");
  }
  if (sequenceColumn !== undefined && !columns.includes(sequenceColumn)) {
    place.at("sequenceColumn").refuse("one of `columns`", JSON.stringify(sequenceColumn));
  }
}

/** Without all of them an update of the key would be seen as none. */
function checkBeforeImages(
  place: Place,
  prefix: string | undefined,
  { keys, columns }: { readonly keys: readonly string[]; readonly columns: readonly string[] | undefined },
): void {
  if (prefix === undefined || columns === undefined) return;
  const missing = keys.map((key) => prefix + key).find((name) => !columns.includes(name));
  if (missing === undefined) return;
  place.refuse(
    "the prefix of one of `columns` for each key",
    `${JSON.stringify(prefix)}, and no ${JSON.stringify(missing)}`,
  );
}

function readNames(place: Place, value: unknown, what: string): readonly string[] | undefined {
  const list = readList(place, value, what);
  if (list === undefined) return undefined;
  const names = list.flatMap((one, index) => readText(place.item(index), one, "a column's name") ?? []);
  if (names.length < list.length) return undefined;
  if (names.length === 0) return place.expected(what, value);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  return twice === undefined ? names : place.refuse(what, `${JSON.stringify(twice)} twice`);
}

/** A name that is one folder. */
function readFolderName(place: Place, value: unknown, what: string): string | undefined {
  const name = readText(place, value, what);
  if (name === undefined || (!name.includes("/") && name !== "." && name !== "..")) return name;
  return place.refuse(`${what}, which is one folder`, JSON.stringify(name));
}

/** DMS's interfaces show control characters as they are typed: a backslash and a letter. */
function readDelimiter(place: Place, value: unknown, otherwise: string): string | undefined {
  if (value === undefined) return otherwise;
  if (typeof value !== "string" || value === "") return place.expected("one or more characters", value);
  return value.replaceAll(/\\([nrt])/g, (_whole, letter: string) => ESCAPES[letter] ?? letter);
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
