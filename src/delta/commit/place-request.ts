import type { MetadataAction } from "../actions.ts";
import { tellsOwnTime } from "../log/table-properties.ts";
import type { TableSnapshot } from "../log/table-snapshot.ts";
import type { CommitRequest } from "../transaction.ts";
import { rowIdColumns } from "../schema/row-id-columns.ts";
import { withRowIds } from "./row-ids.ts";

/** A request with everything that depends on the version it is to land at; made anew for each version that is tried. */
export interface PlacedRequest extends CommitRequest {
  /** When the commit is made, by its own word. */
  readonly inCommitTimestampMs?: number;
  /** Whether rows that the commit moves keep their ids. */
  readonly keepsRowIds?: boolean;
}

/**
 * Gives a request what follows from the version before it: its in-commit timestamp, which grows from version to version, and row ids
 * (Delta PROTOCOL, "In-Commit Timestamps", "Row Tracking").
 */
export function placeRequest(
  request: CommitRequest,
  current: TableSnapshot | undefined,
  at: { readonly version: number; readonly nowMs: number },
): PlacedRequest {
  const configuration = (request.metadata ?? current?.metadata)?.configuration ?? {};
  const keepsRowIds = rowIdColumns({ configuration }) !== undefined;
  const placed = { ...withRowIds(request, current, at.version), ...(keepsRowIds ? { keepsRowIds } : {}) };
  if (!tellsOwnTime(configuration)) return placed;
  const previousMs = current?.timestampMs ?? -1;
  const inCommitTimestampMs = Math.max(Math.floor(at.nowMs), Math.floor(previousMs) + 1);
  const isNew = current !== undefined && !tellsOwnTime(current.metadata.configuration);
  if (!isNew || placed.metadata === undefined) return { ...placed, inCommitTimestampMs };
  return {
    ...placed,
    inCommitTimestampMs,
    metadata: enabledAt(placed.metadata, { version: at.version, ms: inCommitTimestampMs }),
  };
}

/** Versions of before have only the times of their files: readers have to know where the others begin. */
function enabledAt(metadata: MetadataAction, { version, ms }: { version: number; ms: number }): MetadataAction {
  return {
    ...metadata,
    configuration: {
      ...metadata.configuration,
      "delta.inCommitTimestampEnablementVersion": String(version),
      "delta.inCommitTimestampEnablementTimestamp": String(ms),
    },
  };
}
