import type { TxnAction } from "../actions.ts";
import type { TxnClaim } from "../transaction.ts";

export type ClaimVerdict =
  | { readonly kind: "open" }
  | { readonly kind: "already-applied" }
  /** The table is not where the caller expects it to be. -1: no such transaction. */
  | { readonly kind: "superseded"; readonly claim: TxnClaim; readonly found: number };

/**
 * What a table's application transactions say to those that a commit claims. A claim that expects a version is open while
 * the table is exactly there – also when it claims the same version again, which guards a rewrite – and applied when the table
 * is exactly at the claimed one; anywhere else another writer has gone on. A claim without expectation is applied from its
 * version on.
 */
export function judgeClaims(
  claims: readonly TxnClaim[],
  txns: ReadonlyMap<string, TxnAction> | undefined,
): ClaimVerdict {
  let applied = false;
  let moving: { claim: TxnClaim; found: number } | undefined;
  for (const claim of claims) {
    const found = txns?.get(claim.appId)?.version ?? -1;
    if (claim.expected === undefined) {
      if (found >= claim.version) return { kind: "already-applied" };
      continue;
    }
    if (found === claim.expected) {
      if (claim.version !== claim.expected) moving ??= { claim, found };
      continue;
    }
    if (found !== claim.version) return { kind: "superseded", claim, found };
    applied = true;
  }
  if (!applied) return { kind: "open" };
  // Some of what is claimed together is there and some is not: that was another commit than this one.
  return moving === undefined ? { kind: "already-applied" } : { kind: "superseded", ...moving };
}
