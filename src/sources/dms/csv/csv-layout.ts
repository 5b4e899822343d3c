import { SluiceError } from "../../../base/index.ts";
import type { DmsFilesOptions } from "../options.ts";
import { fieldText } from "./csv-format.ts";
import type { CsvRecord } from "./csv-reader.ts";

/** The name that DMS gives to the operation's column. */
export const OPERATION_COLUMN = "Op";

/** Where in the records of a file its columns stand. */
export interface CsvLayout {
  readonly names: readonly string[];
  /** Fields before the columns, in a record with and in one without an operation; undefined where there may be no such record. */
  readonly withOperation: number | undefined;
  readonly withoutOperation: number | undefined;
}

/** What kind of file it is: it decides whether records carry an operation. */
export type FileKind = "load" | "change" | "transactions";

/** The layout of a file by its header. */
export function layoutOfHeader(header: CsvRecord): CsvLayout {
  const names = Array.from({ length: header.fields }, (_, index) => fieldText(header, index));
  const hasOperation = names[0]?.toLowerCase() === OPERATION_COLUMN.toLowerCase();
  return hasOperation
    ? { names: names.slice(1), withOperation: 1, withoutOperation: undefined }
    : { names, withOperation: undefined, withoutOperation: 0 };
}

/**
 * The layout of a file without a header. Whether a load's records begin with an operation is a setting of the endpoint that may have
 * been changed between two loads: the number of fields tells. Changes may lack it only where no deletes are written.
 */
export function layoutOfColumns({ columns, settings, table }: DmsFilesOptions, kind: FileKind): CsvLayout {
  if (columns === undefined) {
    throw new SluiceError("config.invalid", "Cannot read CSV files without a header: their columns are not known", {
      facts: { table },
      advice: "Name the columns in the order of the table in `columns` of the source, or set `AddColumnName` in DMS.",
    });
  }
  if (kind === "transactions") return { names: columns, withOperation: 3, withoutOperation: undefined };
  const mayLack = kind === "load" || settings.withoutDeletes !== undefined;
  return { names: columns, withOperation: 1, withoutOperation: mayLack ? 0 : undefined };
}

/** Fields before the columns in this record; undefined where its number of fields fits nothing. */
export function fieldsBefore(
  { names, withOperation, withoutOperation }: CsvLayout,
  fields: number,
): number | undefined {
  if (withOperation !== undefined && fields === names.length + withOperation) return withOperation;
  return withoutOperation !== undefined && fields === names.length + withoutOperation ? withoutOperation : undefined;
}

export function whatIsExpected({ names, withOperation, withoutOperation }: CsvLayout): string {
  const counts = [withoutOperation, withOperation].flatMap((before) => (before === undefined ? [] : [names.length + before])); // prettier-ignore
  return counts.join(" or ");
}
