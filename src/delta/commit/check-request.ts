import { SluiceError, assert } from "../../base/index.ts";
import type { AddFile, ProtocolAction, RemoveFile, TableMetadata } from "../actions.ts";
import { protocolFor } from "../features/protocol-for.ts";
import { FEATURES } from "../features/registry.ts";
import { assertWritable, hasFeature } from "../features/support.ts";
import { decodeFilePath, encodeFilePath, type TableRoot } from "../log/file-path.ts";
import { vectorId } from "../log/vector-id.ts";
import { parseSchema } from "../schema/parse-schema.ts";
import { ROW_TRACKING_DOMAIN } from "./row-ids.ts";
import { CLUSTERING_DOMAIN } from "../schema/clustering.ts";
import { physicalTable } from "../schema/column-mapping.ts";
import { checkSchema } from "../schema/check-schema.ts";
import type { Snapshot } from "../snapshot.ts";
import { parseStats } from "../stats/parse-stats.ts";
import type { CommitRequest } from "../transaction.ts";

/**
 * Refuses, before anything is written, a commit that this table does not allow (`table.unsupported`,
 * `table.schema-mismatch`) or that would be no valid commit on top of `base` (our own mistake).
 */
export function checkRequest(request: CommitRequest, base: Snapshot | undefined, root: TableRoot): void {
  const table = root.url;
  const metadata = metadataAfter(request, base, table);
  const protocol = request.protocol ?? base?.protocol;
  assert(protocol !== undefined, "a commit that creates a table has a protocol");
  assertWritable(base?.protocol ?? protocol, base?.metadata ?? metadata, table);
  assertWritable(protocol, metadata, table);
  assert(protocolFor(metadata, protocol) === protocol, "the protocol allows what the metadata makes use of");
  checkRemoves(request, base);
  checkAdds(request, base, { protocol, metadata, root });
  checkAppendOnly(request, metadata, table);
  checkNames(request, protocol, base === undefined);
}

function metadataAfter(request: CommitRequest, base: Snapshot | undefined, table: string): TableMetadata {
  if (request.metadata === undefined) {
    assert(base !== undefined, "a commit that creates a table has metadata");
    return base.metadata;
  }
  assert(base === undefined || base.metadata.id === request.metadata.id, "a table keeps its id");
  const schema = parseSchema(request.metadata.schemaString, `the new schema of ${table}`);
  const metadata = { ...request.metadata, schema };
  checkSchema(metadata, table);
  return metadata;
}

function checkRemoves(request: CommitRequest, base: Snapshot | undefined): void {
  const seen = new Set<string>();
  for (const remove of request.removes) {
    assert(!seen.has(remove.path), `${remove.path} is removed once`);
    seen.add(remove.path);
    assert(isLive(remove, base), `the removed file is live, deletion vector and all: ${remove.path}`);
  }
}

function checkAdds(
  request: CommitRequest,
  base: Snapshot | undefined,
  table: { protocol: ProtocolAction; metadata: TableMetadata; root: TableRoot },
): void {
  const removed = new Set(request.removes.map((remove) => remove.path));
  const seen = new Set<string>();
  for (const add of request.adds) {
    assert(!seen.has(add.path), `${add.path} is added once`);
    seen.add(add.path);
    assert(
      decodeFilePath(encodeFilePath(add.path), table.root) === add.path,
      `the path of an added file is one that is read back: ${add.path}`,
    );
    const live = base?.files.get(add.path);
    const isUnchanged = live !== undefined && vectorId(live.deletionVector) === vectorId(add.deletionVector);
    if (live !== undefined) {
      assert(
        isUnchanged !== removed.has(add.path),
        `a file gets another deletion vector by remove and add: ${add.path}`,
      );
    }
    checkPartitionValues(add, table.metadata);
    if (!isUnchanged) checkVector(add, { ...table, isNew: base === undefined });
  }
}

function checkPartitionValues(add: AddFile, metadata: TableMetadata): void {
  const names = Object.keys(add.partitionValues).toSorted().join("\0");
  const columns = [...physicalTable(metadata).partitionColumns].toSorted().join("\0");
  assert(names === columns, `an added file has a value for each partition column: ${add.path}`);
}

function checkVector(add: AddFile, table: { protocol: ProtocolAction; metadata: TableMetadata; isNew: boolean }): void {
  if (add.deletionVector === undefined) return;
  assert(hasFeature(table.protocol, "deletionVectors"), "a table that gets a deletion vector supports them");
  // A clone begins with those that its source has, whether or not it is to get more.
  const isEnabled = table.isNew || FEATURES.get("deletionVectors")?.activeIn?.(table.metadata) === true;
  assert(isEnabled, "a table that gets a deletion vector has them enabled");
  const rows = add.stats === undefined ? undefined : parseStats(add.stats)?.numRecords;
  assert(rows !== undefined, `a file with a deletion vector says how many rows it has: ${add.path}`);
  assert(add.deletionVector.cardinality <= rows, `no more rows are deleted than there are: ${add.path}`);
}

function checkAppendOnly(request: CommitRequest, metadata: TableMetadata, table: string): void {
  const isAppendOnly = FEATURES.get("appendOnly")?.activeIn?.(metadata) === true;
  if (!isAppendOnly || !request.removes.some((remove) => remove.dataChange)) return;
  throw new SluiceError(
    "table.unsupported",
    `Cannot remove rows of ${table}: it is append-only (delta.appendOnly=true)`,
    {
      advice: "Set delta.appendOnly to false first, if rows of this table may go.",
    },
  );
}

function checkNames(request: CommitRequest, protocol: ProtocolAction, isNew: boolean): void {
  const appIds = (request.txns ?? []).map((claim) => claim.appId);
  assert(new Set(appIds).size === appIds.length, "a transaction is claimed once");
  const domains = (request.domains ?? []).map((domain) => domain.domain);
  assert(new Set(domains).size === domains.length, "a domain is written once");
  const hasDomains = hasFeature(protocol, "domainMetadata");
  assert(domains.length === 0 || hasDomains, "a table that gets domain metadata supports it");
  const isKnown = (domain: string): boolean =>
    domain === CLUSTERING_DOMAIN || (isNew && domain === ROW_TRACKING_DOMAIN);
  const systems = domains.filter((domain) => domain.startsWith("delta.") && !isKnown(domain));
  assert(systems.length === 0, "of the system's own domains only those that we understand are written");
}

function isLive(remove: RemoveFile, base: Snapshot | undefined): boolean {
  const live = base?.files.get(remove.path);
  return live !== undefined && vectorId(live.deletionVector) === vectorId(remove.deletionVector);
}
