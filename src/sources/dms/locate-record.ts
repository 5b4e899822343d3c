import { canonicalNumber, decodeKey } from "../../contract/index.ts";
import type { ObjectStore } from "../../storage/index.ts";
import { fileBytes } from "../input/index.ts";
import { csvFormat, fieldText } from "./csv/csv-format.ts";
import { fieldsBefore, layoutOfColumns, layoutOfHeader, type CsvLayout } from "./csv/csv-layout.ts";
import { CsvReader, type CsvRecord } from "./csv/csv-reader.ts";
import { readText } from "./csv/stage-csv.ts";
import type { DmsFilesOptions } from "./options.ts";
import { fileOfName } from "./plan/listed-file.ts";

export interface WantedRecord {
  readonly file: string;
  /** A row's `_key`. */
  readonly key: string;
  readonly options: DmsFilesOptions;
}

/** The line (from 1) at which the first record of a key begins; undefined for a Parquet file, whose rows have no lines. */
export async function locateRecord(store: ObjectStore, wanted: WantedRecord): Promise<number | undefined> {
  const { file, options } = wanted;
  const isTransactions = file.slice(file.lastIndexOf("/") + 1).startsWith("CDC_TXN-");
  const named = { path: file, sizeBytes: 0, modifiedMs: 0 };
  const listed = fileOfName(named, isTransactions ? "transactions" : "table");
  if (listed === undefined || listed.format === "parquet") return undefined;
  const hasHeader = options.settings.addColumnName && listed.kind !== "transactions";
  let layout = hasHeader ? undefined : layoutOfColumns(options, listed.kind);
  let found: number | undefined;
  const reader = new CsvReader(csvFormat(options.settings), {
    record: (record) => {
      if (layout === undefined) layout = layoutOfHeader(record);
      else if (found === undefined && isOfKey(record, layout, wanted, isTransactions)) found = record.line;
    },
    broken: () => undefined,
  });
  await readText(file, fileBytes(store.localFolder ?? store, file), (chunk) => {
    if (found === undefined) reader.push(chunk);
  });
  if (found === undefined) reader.end();
  return found;
}

function isOfKey(
  record: CsvRecord,
  layout: CsvLayout,
  { key, options }: WantedRecord,
  isTransactions: boolean,
): boolean {
  const { keys, table, schema } = options;
  if (isTransactions && (record.fields < 3 || fieldText(record, 1) !== table || fieldText(record, 2) !== schema)) return false; // prettier-ignore
  const before = fieldsBefore(layout, record.fields);
  if (before === undefined) return false;
  const parts = decodeKey(key);
  return keys.every((name, index) => {
    const at = layout.names.indexOf(name);
    const part = parts[index];
    if (at < 0 || part === undefined) return false;
    const text = fieldText(record, before + at);
    return part.tag === "N" ? canonicalNumber(text) === part.value : text === part.value;
  });
}
