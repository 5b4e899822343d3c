import {
  SluiceError,
  TROUBLES,
  answerOf,
  causeOf,
  failureOf,
  meaningOf as meaningIn,
  troubleOf,
  type ServiceAnswer,
  type ServiceMeaning as Meaning,
  type ServiceTerms,
  type TroubleWords,
} from "../../base/index.ts";
import { verdictOf } from "./write-verdict.ts";

export interface Where {
  readonly path: string;
  readonly store: string;
}

/** What an error of the SDK means in the port's own words; a `SluiceError` passes as it is. */
export function s3Failure(error: unknown, verb: string, where: Where): SluiceError {
  if (error instanceof SluiceError) return error;
  const answer = answerOf(error);
  return failureOf(answer, meaningOf(answer), { cannot: `Cannot ${verb} an object`, facts: { ...where } });
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

function meaningOf(answer: ServiceAnswer): Meaning {
  const { code, status } = answer;
  const trouble = troubleOf(answer);
  const kind = TROUBLES[trouble].kind;
  const known = MEANINGS[code];
  if (known !== undefined) return known;
  if (kind === "denied" || kind === "place" || trouble === "unreachable") {
    return meaningIn(trouble, TERMS);
  }
  if (status === 404) return { code: "storage.missing", why: "it is not there" };
  if (status === 403 || status === 401) return { code: "storage.denied", ...DENIED };
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

const DENIED: TroubleWords = {
  why: "permission denied",
  advice:
    "Give the role s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix and s3:ListBucket on the bucket; without the last, S3 says this of objects that are not there.",
};
const SET_REGION = "Set the region of the bucket: `region` in the configuration, or AWS_REGION.";
const OTHER_REGION: Meaning = {
  code: "config.invalid",
  why: "the bucket is in another region",
  advice: SET_REGION,
};
const FULL: Meaning = { code: "storage.full", why: "no space is left" };

const TERMS: ServiceTerms = {
  codes: {
    denied: "storage.denied",
    place: "config.invalid",
    unavailable: "storage.unavailable",
    missing: "storage.missing",
    refused: "storage.denied",
  },
  words: {
    denied: DENIED,
    "unusable-key": {
      why: "the KMS key cannot be used",
      advice: "Enable the key and give the role kms:GenerateDataKey and kms:Decrypt on it.",
    },
    "no-region": { why: TROUBLES["no-region"].why, advice: SET_REGION },
  },
};

const MEANINGS: Readonly<Record<string, Meaning>> = {
  InvalidObjectState: {
    code: "storage.archived",
    why: "it is archived",
  },
  NoSuchBucket: {
    code: "storage.missing",
    why: "there is no such bucket",
    advice: "Create the bucket, or correct its name, region and endpoint in the configuration.",
  },
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
