import { SluiceError, type FailureCode } from "../../base/index.ts";

/**
 * What an error of the SDK says: errors come from the service, the network and the SDK itself. The error is never passed on as it is: it
 * carries the request with its signature and session token.
 */
export interface Answer {
  /** `ThrottlingException`, `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** Whether the service said so itself; an answer that was cut off is none, whatever its status. */
  readonly isWhole: boolean;
}

export function answerOf(error: unknown): Answer {
  if (!(error instanceof Error)) {
    return { code: "Unknown", message: String(error), status: undefined, requestId: undefined, isWhole: false };
  }
  const { code, $metadata } = error as {
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  };
  const own = error.name === "Error" && typeof code === "string" ? code : error.name;
  return {
    code: error.message.startsWith("Region is missing") ? "RegionMissing" : own,
    message: error.message,
    status: $metadata?.httpStatusCode,
    requestId: $metadata?.requestId,
    isWhole: "$fault" in error,
  };
}

/** What follows: `slower` – refused without effect because it was too much; `again` – nobody knows, or not now; `refused` – for good. */
export function verdictOf({ code, status, isWhole }: Answer): "slower" | "again" | "refused" {
  if (SLOWER.has(code) || status === 429) return "slower";
  if (AGAIN.has(code)) return "again";
  if (LOCAL.has(code)) return "refused";
  if (!isWhole || status === undefined) return "again";
  return status >= 500 || status === 408 || status < 400 ? "again" : "refused";
}

/** AWS, "Error handling with DynamoDB": these may be tried again after a while. */
const SLOWER: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
  "Throttling",
  "SlowDown",
]);
const AGAIN: ReadonlySet<string> = new Set([
  "TransactionConflictException",
  "ReplicatedWriteConflictException",
  "ResourceInUseException",
  // The SDK has set its clock by the answer.
  "RequestTimeTooSkewed",
]);
/** Found before anything was sent. */
const LOCAL: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ProviderError",
  "RegionMissing",
]);

/** The failure in Sluice's own words; a `SluiceError` passes as it is. */
export function targetFailure(error: unknown, verb: string, table: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const answer = answerOf(error);
  const { code, why, advice } = meaningOf(answer);
  const cause = new Error(
    answer.requestId === undefined ? answer.message : `${answer.message} (request ${answer.requestId})`,
  );
  cause.name = answer.code;
  return new SluiceError(code, `Cannot ${verb} the DynamoDB table ${table}: ${why}`, {
    facts: { table, reason: answer.code, status: answer.status },
    cause,
    ...(advice === undefined ? {} : { advice }),
  });
}

interface Meaning {
  readonly code: FailureCode;
  readonly why: string;
  readonly advice?: string;
}

function meaningOf(answer: Answer): Meaning {
  const known = MEANINGS[answer.code];
  if (known !== undefined) return known;
  switch (verdictOf(answer)) {
    case "slower":
      return { code: "target.unavailable", why: "it asks for fewer requests, for minutes on end" };
    case "again":
      return { code: "target.unavailable", why: answer.status === undefined ? "it did not answer" : "it failed" };
    case "refused":
      return { code: "target.invalid", why: "it refuses the request" };
  }
}

const NO_CREDENTIALS: Meaning = {
  code: "target.denied",
  why: "there are no AWS credentials",
  advice:
    "Give this process credentials: a role, a profile (AWS_PROFILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
};
const UNKNOWN_KEY: Meaning = { code: "target.denied", why: "the credentials are not accepted" };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ResourceNotFoundException: {
    code: "target.invalid",
    why: "there is no such table",
    advice:
      "Create the table with the key attributes that `publish.keys` names, or correct its name, region and endpoint.",
  },
  AccessDeniedException: { code: "target.denied", why: "permission denied" },
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  ProviderError: NO_CREDENTIALS,
  UnrecognizedClientException: UNKNOWN_KEY,
  InvalidSignatureException: UNKNOWN_KEY,
  IncompleteSignature: UNKNOWN_KEY,
  MissingAuthenticationToken: UNKNOWN_KEY,
  ExpiredTokenException: {
    code: "target.denied",
    why: "the credentials have expired",
    advice: "Renew the credentials and run again: it goes on where it stopped.",
  },
  RegionMissing: {
    code: "config.invalid",
    why: "there is no AWS region",
    advice: "Set the table's region: `region` of the target, or AWS_REGION.",
  },
};
