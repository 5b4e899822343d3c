import type { ServiceAnswer } from "../../base/index.ts";

/**
 * What follows from a failed request: `taken` – the condition does not hold; `again` – refused for now and without effect;
 * `refused` – for good and without effect; `unsure` – nobody knows whether it had its effect.
 */
export type Verdict = "taken" | "again" | "refused" | "unsure";

export function verdictOf({ code, status, isWhole }: ServiceAnswer): Verdict {
  if (status === 412 || code === "PreconditionFailed") return "taken";
  if (AGAIN.has(code) || status === 429) return "again";
  if (code === "NotImplemented" || LOCAL_FAILURES.has(code)) return "refused";
  if (!isWhole || status === undefined || status >= 500 || status === 408 || status < 400) return "unsure";
  return "refused";
}

const AGAIN: ReadonlySet<string> = new Set([
  // A key that is written or deleted at this very moment: no sign that the object exists.
  "ConditionalRequestConflict",
  "OperationAborted",
  // The body did not arrive as it was sent.
  "BadDigest",
  "IncompleteBody",
  "RequestTimeout",
  "XAmzContentChecksumMismatch",
  // The SDK has set its clock by the answer.
  "RequestTimeTooSkewed",
  // An upload in parts that vanished starts anew.
  "NoSuchUpload",
  // The store was not reached.
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Found before anything was sent. */
const LOCAL_FAILURES: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ProviderError",
  "RegionMissing",
  "RegionNotAccepted",
  "TypeError",
]);
