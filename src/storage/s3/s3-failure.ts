import { SluiceError, type FailureCode } from "../../base/index.ts";
import { answerOf, verdictOf, type S3Answer } from "./s3-answer.ts";

export interface Where {
  readonly path: string;
  readonly store: string;
}

/** What an error of the SDK means in the port's own words; a `SluiceError` passes as it is. */
export function s3Failure(error: unknown, verb: string, where: Where): SluiceError {
  if (error instanceof SluiceError) return error;
  const answer = answerOf(error);
  const { code, why, advice } = meaningOf(answer);
  return new SluiceError(code, `Cannot ${verb} an object: ${why}`, {
    facts: { ...where, reason: answer.code, status: answer.status },
    cause: causeOf(answer),
    ...(advice === undefined ? {} : { advice }),
  });
}

/** The outcome of a write is unknown: the object may be there already, and the caller must look. */
export function unsureWrite(error: unknown, where: Where): SluiceError {
  if (error instanceof SluiceError && error.code === "storage.unavailable") return error;
  const answer = answerOf(error);
  return new SluiceError("storage.unavailable", "Cannot create an object for certain: the store did not answer", {
    facts: { ...where, reason: answer.code, status: answer.status },
    cause: error instanceof SluiceError ? error : causeOf(answer),
  });
}

/** The SDK's error holds the whole request, credentials included; this holds its words. */
function causeOf({ code, message, requestId }: S3Answer): Error {
  const cause = new Error(requestId === undefined ? message : `${message} (request ${requestId})`);
  cause.name = code;
  return cause;
}

interface Meaning {
  readonly code: FailureCode;
  readonly why: string;
  readonly advice?: string;
}

function meaningOf(answer: S3Answer): Meaning {
  const { code, status } = answer;
  const known = MEANINGS[code];
  if (known !== undefined) return known;
  if (code.startsWith("KMS.") || code.startsWith("Kms")) return KEY_UNUSABLE;
  if (status === 404) return { code: "storage.missing", why: "it is not there" };
  if (status === 403 || status === 401) return DENIED;
  if (status === 301 || status === 307) return OTHER_REGION;
  if (status === 507) return FULL;
  if (verdictOf(answer) === "refused") {
    return {
      code: "storage.denied",
      why: "the store refuses the request",
      advice: "See the store's words in the cause.",
    };
  }
  return status === undefined
    ? { code: "storage.unavailable", why: "the store did not answer" }
    : { code: "storage.unavailable", why: "the store failed" };
}

const DENIED: Meaning = {
  code: "storage.denied",
  why: "permission denied",
  advice:
    "Give the role s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix and s3:ListBucket on the bucket; without the last, S3 says this of objects that are not there.",
};
const NO_CREDENTIALS: Meaning = {
  code: "storage.denied",
  why: "there are no AWS credentials",
  advice:
    "Give this process credentials: a role, a profile (AWS_PROFILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
};
const EXPIRED: Meaning = {
  code: "storage.denied",
  why: "the credentials have expired",
  advice: "Renew the credentials and run again: it goes on where it stopped.",
};
const UNKNOWN_KEY: Meaning = {
  code: "storage.denied",
  why: "the store does not accept the credentials",
  advice: "Check the access key and its secret, and that they belong to this store.",
};
const KEY_UNUSABLE: Meaning = {
  code: "storage.denied",
  why: "the KMS key cannot be used",
  advice: "Enable the key and give the role kms:GenerateDataKey and kms:Decrypt on it.",
};
const OTHER_REGION: Meaning = {
  code: "config.invalid",
  why: "the bucket is in another region",
  advice: "Set the region of the bucket: `region` in the configuration, or AWS_REGION.",
};
const NO_REGION: Meaning = {
  code: "config.invalid",
  why: "there is no AWS region",
  advice: "Set the region of the bucket: `region` in the configuration, or AWS_REGION.",
};
const FULL: Meaning = { code: "storage.full", why: "no space is left" };

const MEANINGS: Readonly<Record<string, Meaning>> = {
  AccessDenied: DENIED,
  Forbidden: DENIED,
  AllAccessDisabled: DENIED,
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  ProviderError: NO_CREDENTIALS,
  ExpiredToken: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  InvalidToken: EXPIRED,
  InvalidAccessKeyId: UNKNOWN_KEY,
  SignatureDoesNotMatch: UNKNOWN_KEY,
  RequestTimeTooSkewed: {
    code: "storage.denied",
    why: "the clock of this machine is wrong",
    advice: "Set the clock (by NTP): S3 refuses requests that are more than 15 minutes off.",
  },
  InvalidObjectState: {
    code: "storage.archived",
    why: "it is archived",
  },
  NoSuchBucket: {
    code: "storage.missing",
    why: "there is no such bucket",
    advice: "Create the bucket, or correct its name, region and endpoint in the configuration.",
  },
  RegionMissing: NO_REGION,
  PermanentRedirect: OTHER_REGION,
  TemporaryRedirect: OTHER_REGION,
  AuthorizationHeaderMalformed: OTHER_REGION,
  IllegalLocationConstraintException: OTHER_REGION,
  KeyTooLongError: { code: "storage.invalid-path", why: "its name is longer than the store allows" },
  QuotaExceeded: FULL,
  StorageFull: FULL,
  XMinioStorageFull: FULL,
  SlowDown: { code: "storage.unavailable", why: "the store asks for fewer requests" },
  ServiceUnavailable: { code: "storage.unavailable", why: "the store asks for fewer requests" },
  ConditionalRequestConflict: { code: "storage.unavailable", why: "others write or delete it all the time" },
};
