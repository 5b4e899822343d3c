import { SluiceError } from "../../base/index.ts";
import { isArray, isMap, isStruct } from "../../contract/index.ts";
import type { AddFile, TableMetadata } from "../actions.ts";
import { joinColumnNames, splitColumnNames } from "../schema/column-names.ts";
import { CLUSTER_COLUMNS_MAX, clusteringColumns } from "../schema/clustering.ts";
import { physicalPath, physicalTable } from "../schema/column-mapping.ts";
import type { Snapshot } from "../snapshot.ts";
import { statisticsColumns } from "../stats/statistics-columns.ts";

/** By which columns a table's rows are to lie together, so that a filter on any of them has few files to read. */
export interface Clustering {
  /** As users call them. */
  readonly columns: readonly string[];
  /** `hilbert` keeps neighbours closer together; `z-order` is what others write. */
  readonly curve: "hilbert" | "z-order";
}

/** Types of which statistics have no minimum and maximum. */
const WITHOUT_BOUNDS: ReadonlySet<unknown> = new Set(["boolean", "binary"]);

/** Property of a table that says by which columns OPTIMIZE is to cluster it where nobody says otherwise: names with commas. */
export const CLUSTER_BY_PROPERTY = "sluice.clusterBy";

/** Tags of a file's `add`, as Delta's own OPTIMIZE writes them: files of one id were sorted together. */
const CUBE_ID_TAG = "ZCUBE_ID";
const CUBE_COLUMNS_TAG = "ZCUBE_ZORDER_BY";
const CUBE_CURVE_TAG = "ZCUBE_ZORDER_CURVE";

/** The clustering of the table's property, else of what it tells every engine (liquid clustering); undefined where it has neither. */
export function clusteringOf({ metadata, domains }: Pick<Snapshot, "metadata" | "domains">): Clustering | undefined {
  const named = metadata.configuration[CLUSTER_BY_PROPERTY];
  const columns =
    named === undefined ? liquidColumns(metadata, domains) : splitColumnNames(named).map((parts) => parts.join("."));
  return columns.length === 0 ? undefined : { columns, curve: "hilbert" };
}

/** None where one of them is inside of a struct: rows are sorted by whole columns. */
function liquidColumns(metadata: TableMetadata, domains: Snapshot["domains"]): readonly string[] {
  const paths = clusteringColumns(domains);
  const names = paths.flatMap((path) => {
    const field = metadata.schema.fields.find(({ name }) => physicalPath(metadata, [name])?.[0] === path[0]);
    return field === undefined || path.length > 1 ? [] : [field.name];
  });
  return names.length === paths.length ? names : [];
}

/** The property's value. */
export function clusterByText(columns: readonly string[]): string {
  return joinColumnNames(columns.map((name) => [name]));
}

export function clusteringTags(
  metadata: TableMetadata,
  clustering: Clustering,
  cubeId: string,
): Readonly<Record<string, string>> {
  const { [CUBE_COLUMNS_TAG]: columns = "", [CUBE_CURVE_TAG]: curve = "" } = kindTags(metadata, clustering);
  return { [CUBE_ID_TAG]: cubeId, [CUBE_COLUMNS_TAG]: columns, [CUBE_CURVE_TAG]: curve };
}

/** Which cube of this clustering a file belongs to; undefined for a file that is not clustered, or otherwise. */
export function cubeOf(file: AddFile, metadata: TableMetadata, clustering: Clustering): string | undefined {
  const wanted = Object.entries(kindTags(metadata, clustering));
  return wanted.every(([name, value]) => file.tags?.[name] === value) ? file.tags?.[CUBE_ID_TAG] : undefined;
}

/** Whether a file was sorted with others, whatever by: putting it together with small files would undo that. */
export function isClustered({ tags }: AddFile): boolean {
  return tags?.[CUBE_ID_TAG] !== undefined;
}

/** By the names that files have columns by: a renamed column stays clustered. */
function kindTags(metadata: TableMetadata, { columns, curve }: Clustering): Readonly<Record<string, string>> {
  const physical = columns.map((name) => physicalPath(metadata, [name])?.[0] ?? name);
  return { [CUBE_COLUMNS_TAG]: JSON.stringify(physical), [CUBE_CURVE_TAG]: curve === "hilbert" ? "hilbert" : "zorder" };
}

/** Refuses columns by which clustering would be of no use (`table.schema-mismatch`). */
export function checkClustering(
  { metadata, domains }: Pick<Snapshot, "metadata" | "domains">,
  { columns }: Clustering,
  table: string,
): void {
  const physical = physicalTable(metadata);
  const indexed = statisticsColumns({ ...physical, clustering: clusteringColumns(domains) });
  const refuse = (why: string): never => {
    throw new SluiceError("table.schema-mismatch", `Cannot cluster table ${table}: ${why}`, {
      facts: { table, columns: columns.join(", ") },
      advice: "Name columns of the table whose values have an order and that it keeps statistics of.",
    });
  };
  if (columns.length === 0 || columns.length > CLUSTER_COLUMNS_MAX) {
    refuse(`it is clustered by one to ${CLUSTER_COLUMNS_MAX} columns`);
  }
  if (new Set(columns).size < columns.length) refuse("a column is named twice");
  for (const name of columns) {
    const found = metadata.schema.fields.find((field) => field.name === name);
    if (found === undefined) return refuse(`it has no column ${name}`);
    if (metadata.partitionColumns.includes(name))
      refuse(`${name} is a partition column, by which rows lie apart anyway`);
    if (isArray(found.type) || isMap(found.type) || isStruct(found.type)) refuse(`values of ${name} have no order`);
    const path = physicalPath(metadata, [name]) ?? [name];
    if (!indexed.has(path) || WITHOUT_BOUNDS.has(found.type))
      refuse(`${name} has no statistics, by which a reader would leave files out`);
  }
}
