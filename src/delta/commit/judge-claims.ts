import type { TxnAction } from "../actions.ts";
import type { TxnClaim } from "../transaction.ts";

export type ClaimVerdict =
  | { readonly kind: "open" }
  | { readonly kind: "already-applied" }
  /** The table is not where the caller expects it to be. -1: no such transaction. */
  | { readonly kind: "superseded"; readonly claim: TxnClaim; readonly found: number };

/** What a table's application transactions say to those that a commit claims. */
export function judgeClaims(
  claims: readonly TxnClaim[],
  txns: ReadonlyMap<string, TxnAction> | undefined,
): ClaimVerdict {
  for (const claim of claims) {
    if ((txns?.get(claim.appId)?.version ?? -1) >= claim.version) return { kind: "already-applied" };
  }
  for (const claim of claims) {
    const found = txns?.get(claim.appId)?.version ?? -1;
    if (claim.expected !== undefined && claim.expected !== found) return { kind: "superseded", claim, found };
  }
  return { kind: "open" };
}
