import { SluiceError, parseJson, stringifyJson } from "../../base/index.ts";
import { isStruct, type DataType, type StructField } from "../../contract/index.ts";
import type { DomainMetadataAction, TableMetadata } from "../actions.ts";
import { isObject } from "../log/action-members.ts";
import { mappingModeOf, physicalName } from "./column-mapping.ts";

/** Delta PROTOCOL, "Clustered Table". */
export const CLUSTERING_DOMAIN = "delta.clustering";

/** With more columns each of them would have too small a say in where a row lies; other engines take no more, either. */
export const CLUSTER_COLUMNS_MAX = 4;

/** What says that a table is clustered by columns, each given by its names from the top down; by none at all, that it is no more. */
export function clusteringDomain(
  metadata: TableMetadata,
  columns: readonly (readonly string[])[],
): DomainMetadataAction {
  if (metadata.partitionColumns.length > 0) {
    throw new SluiceError("table.unsupported", "Cannot cluster a table that has partitions");
  }
  if (columns.length > CLUSTER_COLUMNS_MAX) {
    throw new SluiceError("table.unsupported", `Cannot cluster a table by more than ${CLUSTER_COLUMNS_MAX} columns`);
  }
  const physical = columns.map((path) => {
    const fields = fieldsOnPath(metadata, path);
    const type = fields.at(-1)?.type;
    if (typeof type !== "string" || type === "boolean" || type === "binary") {
      throw new SluiceError(
        "table.unsupported",
        `Cannot cluster a table by column ${path.join(".")}: it has no bounds`,
      );
    }
    return fields.map((field) => nameInFiles(metadata, field));
  });
  const configuration = stringifyJson({ clusteringColumns: physical, domainName: CLUSTERING_DOMAIN });
  return { domain: CLUSTERING_DOMAIN, configuration, removed: false };
}

/** Names in files, from the top down, of the columns that a table is clustered by. */
export function clusteringColumns(
  domains: ReadonlyMap<string, DomainMetadataAction> | undefined,
): readonly (readonly string[])[] {
  const domain = domains?.get(CLUSTERING_DOMAIN);
  if (domain === undefined) return [];
  const json = parseJson(domain.configuration);
  const named = isObject(json) ? json["clusteringColumns"] : undefined;
  if (!Array.isArray(named)) return [];
  // The protocol's example has texts; engines write lists of names.
  return named.map((column) =>
    (Array.isArray(column) ? column : [column]).flatMap((name) => (typeof name === "string" ? name : [])),
  );
}

/** Whether a table is clustered by a column or by something inside of it. */
export function isClusteredBy(
  metadata: TableMetadata,
  domains: ReadonlyMap<string, DomainMetadataAction> | undefined,
  path: readonly string[],
): boolean {
  const columns = clusteringColumns(domains);
  if (columns.length === 0) return false;
  const names = fieldsOnPath(metadata, path).map((field) => nameInFiles(metadata, field));
  return columns.some((column) => names.every((name, index) => column[index] === name));
}

function fieldsOnPath(metadata: TableMetadata, path: readonly string[]): readonly StructField[] {
  const fields: StructField[] = [];
  let type: DataType = metadata.schema;
  for (const name of path) {
    const field: StructField | undefined = isStruct(type)
      ? type.fields.find((one) => one.name.toLowerCase() === name.toLowerCase())
      : undefined;
    if (field === undefined) {
      throw new SluiceError(
        "table.schema-mismatch",
        `Cannot find column ${path.join(".")}: the table does not have it`,
      );
    }
    fields.push(field);
    ({ type } = field);
  }
  return fields;
}

function nameInFiles({ configuration }: TableMetadata, field: StructField): string {
  return mappingModeOf(configuration) === "none" ? field.name : (physicalName(field) ?? field.name);
}
