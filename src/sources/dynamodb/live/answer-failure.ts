import { SluiceError, messageOf, type FailureCode } from "../../../base/index.ts";
import { SourceFault, type FaultKind } from "./table-client.ts";

const FAULTS: Readonly<Record<string, FaultKind>> = {
  ProvisionedThroughputExceededException: "throttled",
  ThrottlingException: "throttled",
  KMSThrottlingException: "throttled",
  RequestLimitExceeded: "throttled",
  LimitExceededException: "throttled",
  ExpiredIteratorException: "iterator-expired",
  TrimmedDataAccessException: "trimmed",
  ResourceNotFoundException: "missing",
};

const DENIED =
  /AccessDenied|UnrecognizedClient|InvalidSignature|ExpiredToken|MissingAuthenticationToken|IncompleteSignature|NotAuthorized/;

/** What an error of the SDK means: an answer that the channel goes on from, or a failure with a code. */
export function answerFailure(
  error: unknown,
  what: string,
  where: { readonly table: string; readonly at: string },
): SourceFault | SluiceError {
  if (error instanceof SluiceError) return error;
  const name = error instanceof Error ? error.name : "";
  const kind = FAULTS[name];
  if (kind !== undefined) return new SourceFault(kind, messageOf(error));
  const { code, why, advice } = meaningOf(name, error);
  // The SDK's error holds the request, credentials included: its words alone go on.
  const cause = new Error(messageOf(error));
  cause.name = name === "" ? "Error" : name;
  return new SluiceError(code, `Cannot ${what}: ${why}`, {
    facts: { table: where.table, at: where.at, reason: name },
    ...(advice === undefined ? {} : { advice }),
    cause,
  });
}

function meaningOf(
  name: string,
  error: unknown,
): { readonly code: FailureCode; readonly why: string; readonly advice?: string } {
  if (name === "CredentialsProviderError" || /[Cc]redentials/.test(messageOf(error))) {
    return {
      code: "source.denied",
      why: "there are no credentials",
      advice: "Give the environment credentials (AWS_PROFILE, a role, or AWS_ACCESS_KEY_ID) that may read the table.",
    };
  }
  if (/Region is missing/.test(messageOf(error))) {
    return {
      code: "config.invalid",
      why: "nobody says its region",
      advice: "Set `region` of the source, or AWS_REGION.",
    };
  }
  if (name.startsWith("KMS")) {
    return {
      code: "source.denied",
      why: "its records cannot be decrypted",
      advice: "Allow kms:Decrypt with the stream's key, and see that the key is enabled; the cause says which.",
    };
  }
  if (DENIED.test(name)) {
    return {
      code: "source.denied",
      why: "these credentials may not",
      advice: "Give them the permission; the cause names the action.",
    };
  }
  if (name === "ValidationException" || name === "InvalidArgumentException")
    return { code: "source.invalid", why: messageOf(error) };
  return { code: "source.unavailable", why: "the service did not answer" };
}
