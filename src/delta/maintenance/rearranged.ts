import { isFailure } from "../../base/index.ts";
import type { DeltaLog } from "../delta-log.ts";
import type { CommitChanges } from "../snapshot.ts";

/** More commits than this are not looked at one by one: whoever asks does its work anew, as it would without asking. */
const COMMITS_MAX = 50;

/**
 * Whether a table at version `to` holds the rows of version `from`, because all that happened since has moved rows between files
 * (OPTIMIZE). Reads those commits; false where it cannot tell.
 */
export async function isOnlyRearranged(log: Pick<DeltaLog, "changes">, from: number, to: number): Promise<boolean> {
  if (from === to) return true;
  if (from < 0 || from > to || to - from > COMMITS_MAX) return false;
  try {
    for await (const commit of log.changes(from + 1, to)) if (!isRearrangement(commit)) return false;
    return true;
  } catch (error) {
    if (isFailure(error, "table.version-missing")) return false;
    throw error;
  }
}

function isRearrangement({ adds, removes, metadata, protocol, txns, domains }: CommitChanges): boolean {
  if (metadata !== undefined || protocol !== undefined || txns.length > 0 || domains.length > 0) return false;
  return adds.length + removes.length > 0 && ![...adds, ...removes].some((file) => file.dataChange);
}
