import type { ServiceAnswer } from "./service-answer.ts";

/** What stands between a request and its answer, whichever AWS service it is asked of. */
export type Trouble =
  | "no-credentials"
  | "expired-credentials"
  | "unknown-credentials"
  | "denied"
  | "unusable-key"
  | "wrong-clock"
  | "no-region"
  | "wrong-region"
  | "unreachable"
  | "silent"
  | "failed"
  | "throttled"
  | "busy"
  | "missing"
  | "refused";

/** What a client makes a failure code of: `unavailable` may go away by itself, nothing else does. */
export type TroubleKind = "denied" | "place" | "unavailable" | "missing" | "refused";

/** Ends the sentence "Cannot read the table: …"; without advice the failure's code gives its own. */
export interface TroubleWords {
  readonly why: string;
  readonly advice?: string;
}

export interface TroubleMeaning extends TroubleWords {
  readonly kind: TroubleKind;
}

const CHECK_KEY =
  "Check the access key, its secret and its session token, and that they belong to this region and endpoint.";

export const TROUBLES: Readonly<Record<Trouble, TroubleMeaning>> = {
  "no-credentials": {
    kind: "denied",
    why: "there are no AWS credentials",
    advice:
      "Give this process credentials: a role, a profile (AWS_PROFILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
  },
  "expired-credentials": {
    kind: "denied",
    why: "the credentials have expired",
    advice: "Renew the credentials and run again: it goes on where it stopped.",
  },
  "unknown-credentials": { kind: "denied", why: "the credentials are not accepted", advice: CHECK_KEY },
  denied: { kind: "denied", why: "permission denied" },
  "unusable-key": {
    kind: "denied",
    why: "the KMS key cannot be used",
    advice: "Enable the key and give the role kms:Decrypt on it; the cause says which key it is.",
  },
  "wrong-clock": {
    kind: "denied",
    why: "the clock of this machine is wrong",
    advice: "Set the clock (by NTP): AWS refuses requests that are more than some minutes off.",
  },
  "no-region": { kind: "place", why: "there is no AWS region", advice: "Set `region`, or AWS_REGION." },
  "wrong-region": {
    kind: "place",
    why: "its region is no name of a region",
    advice: "Correct `region`, or AWS_REGION.",
  },
  unreachable: {
    kind: "unavailable",
    why: "its address cannot be reached",
    advice: "Check `region` and `endpoint` (a region that there is not has no address) and the network, and run again.",
  },
  silent: { kind: "unavailable", why: "the service did not answer" },
  failed: { kind: "unavailable", why: "the service failed" },
  throttled: { kind: "unavailable", why: "it asks for fewer requests, for minutes on end" },
  busy: { kind: "unavailable", why: "others change it at the same time" },
  missing: { kind: "missing", why: "it is not there" },
  refused: { kind: "refused", why: "the service refuses the request" },
};

/** By the codes of DynamoDB, Kinesis, S3, of the SDK and of the system; AWS, "Common errors", "Error handling with DynamoDB". */
const BY_CODE: ReadonlyMap<string, Trouble> = new Map(
  Object.entries({
    "no-credentials": ["CredentialsProviderError", "TokenProviderError", "ProviderError"],
    "expired-credentials": ["ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired", "InvalidToken"],
    "unknown-credentials": [
      "UnrecognizedClientException",
      "InvalidClientTokenId",
      "InvalidAccessKeyId",
      "InvalidSignatureException",
      "SignatureDoesNotMatch",
      "IncompleteSignature",
      "IncompleteSignatureException",
      "MissingAuthenticationToken",
      "MissingAuthenticationTokenException",
    ],
    denied: ["AccessDeniedException", "AccessDenied", "NotAuthorized", "Forbidden", "AllAccessDisabled"],
    "wrong-clock": ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"],
    "no-region": ["RegionMissing"],
    "wrong-region": ["RegionNotAccepted"],
    unreachable: ["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"],
    throttled: [
      "ProvisionedThroughputExceededException",
      "ThrottlingException",
      "KMSThrottlingException",
      "RequestLimitExceeded",
      "Throttling",
      "SlowDown",
    ],
    busy: ["TransactionConflictException", "ReplicatedWriteConflictException", "ResourceInUseException"],
    missing: ["ResourceNotFoundException"],
  } satisfies Partial<Record<Trouble, readonly string[]>>).flatMap(([trouble, codes]) =>
    codes.map((code) => [code, trouble as Trouble] as const),
  ),
);

export function troubleOf(answer: ServiceAnswer): Trouble {
  const { code, message, status, isWhole } = answer;
  // A signature with a time that is too far off is called invalid, as one with a wrong secret is.
  if (code === "InvalidSignatureException" && /^Signature (?:expired|not yet current)/.test(message)) {
    return "wrong-clock";
  }
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  if (/^kms/i.test(code)) return "unusable-key";
  if (status === 429) return "throttled";
  if (status === undefined) return "silent";
  if (!isWhole || status >= 500 || status === 408 || status < 400) return "failed";
  return "refused";
}
