/**
 * What an error of the SDK says, read with care: errors come from the service, the network and the SDK itself. The error
 * is never passed on as it is: it carries the request with its signature and session token.
 */
export interface S3Answer {
  /** S3's code, or the system's: `NoSuchKey`, `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Whether the store said so itself; an answer that was cut off is none, whatever its status. */
  readonly isWhole: boolean;
}

export function answerOf(error: unknown): S3Answer {
  if (!(error instanceof Error))
    return { code: "Unknown", message: String(error), status: undefined, requestId: undefined, isWhole: false };
  const { code, Code, $metadata } = error as {
    readonly code?: unknown;
    readonly Code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  };
  const status = $metadata?.httpStatusCode;
  const requestId = $metadata?.requestId;
  const systemCode = typeof code === "string" ? code : undefined;
  return {
    code: typeof Code === "string" ? Code : (ownCode(error) ?? systemCode ?? error.name),
    message: error.message,
    status: typeof status === "number" ? status : undefined,
    requestId: typeof requestId === "string" ? requestId : undefined,
    isWhole: "$fault" in error,
  };
}

/** A plain `Error` has no name of its own. */
function ownCode({ name, message }: Error): string | undefined {
  if (message.startsWith("Region is missing")) return "RegionMissing";
  return name === "Error" ? undefined : name;
}

/**
 * What follows from a failed request: `taken` – the condition does not hold; `again` – refused for now and without effect;
 * `refused` – for good and without effect; `unsure` – nobody knows whether it had its effect.
 */
export type Verdict = "taken" | "again" | "refused" | "unsure";

export function verdictOf({ code, status, isWhole }: S3Answer): Verdict {
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
  "TypeError",
]);
