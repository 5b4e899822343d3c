import { SluiceError, parseJson, stringifyJson } from "../../base/index.ts";
import type { AddFile, DomainMetadataAction, ProtocolAction } from "../actions.ts";
import { hasFeature } from "../features/support.ts";
import { isObject } from "../log/action-members.ts";
import { rowIdColumns, rowIdsOf } from "../schema/row-id-columns.ts";
import { parseStats } from "../stats/parse-stats.ts";
import type { Snapshot } from "../snapshot.ts";
import type { CommitRequest } from "../transaction.ts";

export const ROW_TRACKING_DOMAIN = "delta.rowTracking";

/**
 * In a table with row tracking every added file gets the ids of its rows, above all that were given, and the version that it is added
 * in; a file that is added again keeps its own (Delta PROTOCOL, "Row Tracking").
 */
export function withRowIds(request: CommitRequest, current: Snapshot | undefined, version: number): CommitRequest {
  if (!givesRowIds(request, current)) return request;
  const asked = request.domains ?? [];
  const highest = highestId(asked.find(isMark) ?? current?.domains.get(ROW_TRACKING_DOMAIN));
  let next = highest + 1n;
  const adds = [...request.adds, ...filesWithoutIds(request, current)].map((add) => {
    if (rowIdsOf(add) !== undefined) return add;
    const baseRowId = next;
    next += BigInt(rowsOf(add));
    return { ...add, extra: { ...add.extra, baseRowId, defaultRowCommitVersion: version } };
  });
  if (next === highest + 1n) return { ...request, adds };
  const configuration = stringifyJson({ rowIdHighWaterMark: next - 1n });
  const mark = { domain: ROW_TRACKING_DOMAIN, configuration, removed: false };
  const domains = [...asked.filter((domain) => !isMark(domain)), mark];
  return { ...request, adds, domains };
}

/** A clone begins where its source has come to. */
function isMark({ domain }: DomainMetadataAction): boolean {
  return domain === ROW_TRACKING_DOMAIN;
}

function givesRowIds(request: CommitRequest, current: Snapshot | undefined): boolean {
  const protocol: ProtocolAction | undefined = request.protocol ?? current?.protocol;
  if (protocol === undefined || !hasFeature(protocol, "rowTracking")) return false;
  const configuration = (request.metadata ?? current?.metadata)?.configuration ?? {};
  return configuration["delta.rowTrackingSuspended"]?.toLowerCase() !== "true";
}

/** Files from before row tracking, which the commit that enables it adds again: from then on every file has ids. */
function filesWithoutIds(request: CommitRequest, current: Snapshot | undefined): AddFile[] {
  if (current === undefined || request.metadata === undefined) return [];
  if (rowIdColumns(request.metadata) === undefined) return [];
  const touched = new Set([...request.adds, ...request.removes].map((file) => file.path));
  return [...current.files.values()]
    .filter((file) => rowIdsOf(file) === undefined && !touched.has(file.path))
    .map((file) => ({ ...file, dataChange: false }));
}

/** -1: none was given. */
function highestId(domain: DomainMetadataAction | undefined): bigint {
  if (domain === undefined) return -1n;
  const json = parseJson(domain.configuration);
  const mark = isObject(json) ? json["rowIdHighWaterMark"] : undefined;
  if (typeof mark === "number" || typeof mark === "bigint") return BigInt(mark);
  throw new SluiceError("table.corrupt", `Cannot give rows their ids: ${domain.configuration} is no mark`);
}

function rowsOf(add: AddFile): number {
  const rows = parseStats(add.stats)?.numRecords;
  if (rows !== undefined) return rows;
  throw new SluiceError(
    "table.unsupported",
    `Cannot give the rows of ${add.path} ids: it does not say how many it has`,
    { advice: "Rewrite files without statistics first, by `optimize`." },
  );
}
