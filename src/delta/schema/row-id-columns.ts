import type { AddFile, TableMetadata } from "../actions.ts";

const ID_COLUMN_PROPERTY = "delta.rowTracking.materializedRowIdColumnName";
const VERSION_COLUMN_PROPERTY = "delta.rowTracking.materializedRowCommitVersionColumnName";

/** What keeps the ids of rows that were not born in the file, and the versions they were last changed in; both are `long` and may be null. */
export interface RowIdColumns {
  readonly id: string;
  readonly version: string;
}

/** The columns by which files of the table keep ids of rows that moved; undefined where ids need not be kept. */
export function rowIdColumns({ configuration }: Pick<TableMetadata, "configuration">): RowIdColumns | undefined {
  if (!tracksRows(configuration)) return undefined;
  const id = configuration[ID_COLUMN_PROPERTY];
  const version = configuration[VERSION_COLUMN_PROPERTY];
  return id === undefined || version === undefined ? undefined : { id, version };
}

/** Names the columns where row tracking is enabled and they have no names yet; names that they had in `previous` stay. */
export function withRowIdColumns(
  metadata: TableMetadata,
  previous: TableMetadata | undefined,
  newId: () => string,
): TableMetadata {
  if (!tracksRows(metadata.configuration) || rowIdColumns(metadata) !== undefined) return metadata;
  const before = previous?.configuration ?? {};
  const configuration = {
    ...metadata.configuration,
    [ID_COLUMN_PROPERTY]: before[ID_COLUMN_PROPERTY] ?? `_row-id-col-${newId()}`,
    [VERSION_COLUMN_PROPERTY]: before[VERSION_COLUMN_PROPERTY] ?? `_row-commit-version-col-${newId()}`,
  };
  return { ...metadata, configuration };
}

/** The id of a file's first row and the version it came in; undefined for a file from before row tracking. */
export function rowIdsOf({ extra }: AddFile): { readonly baseRowId: bigint; readonly version: bigint } | undefined {
  const baseRowId = wholeNumber(extra?.["baseRowId"]);
  const version = wholeNumber(extra?.["defaultRowCommitVersion"]);
  return baseRowId === undefined || version === undefined ? undefined : { baseRowId, version };
}

function wholeNumber(value: unknown): bigint | undefined {
  return typeof value === "number" || typeof value === "bigint" ? BigInt(value) : undefined;
}

function tracksRows(configuration: TableMetadata["configuration"]): boolean {
  return configuration["delta.enableRowTracking"]?.toLowerCase() === "true";
}
