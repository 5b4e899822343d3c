import { expect, test } from "vitest";
import { SluiceError } from "../src/base/index.ts";
import { answerFailure } from "../src/sources/dynamodb/live/answer-failure.ts";
import { SourceFault } from "../src/sources/dynamodb/live/table-client.ts";
import { s3Failure } from "../src/storage/s3/s3-failure.ts";
import { targetFailure } from "../src/targets/dynamodb/answer.ts";

/** What a source, a target and a store of a lake say of one trouble: the words after the colon, and their codes. */
function saidBy(error: Error) {
  const failures = [
    answerFailure(error, "describe the table", { table: "orders", at: "eu-west-1" }),
    targetFailure(error, "look at", "orders"),
    s3Failure(error, "read", { path: "a", store: "s3://lake" }),
  ];
  return failures.map((failure) => {
    if (!(failure instanceof SluiceError)) return { fault: failure.kind };
    const [, why = ""] = /^Cannot [^:]*: (.*?) [a-z]+=/.exec(failure.message) ?? [];
    return { code: failure.code, why, advice: failure.advice };
  });
}

function named(name: string, message = "", more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

/** What each of them tells to do. */
function advices(error: Error): ReadonlySet<string | undefined> {
  return new Set(saidBy(error).map(({ advice }) => advice));
}

const whole = { $fault: "client", $metadata: { httpStatusCode: 400 } };

test.each([
  ["there are no AWS credentials", "denied", named("CredentialsProviderError")],
  ["the credentials have expired", "denied", named("ExpiredTokenException", "", whole)],
  ["the credentials are not accepted", "denied", named("UnrecognizedClientException", "", whole)],
  ["the clock of this machine is wrong", "denied", named("InvalidSignatureException", "Signature expired: …", whole)],
  ["permission denied", "denied", named("AccessDeniedException", "", whole)],
  ["the KMS key cannot be used", "denied", named("KMSDisabledException", "", whole)],
  ["its address cannot be reached", "unavailable", named("Error", "", { code: "ENOTFOUND" })],
] as const)("%s: in the same words by each, under a code of its own", (why, code, error) => {
  const said = saidBy(error);
  expect(said.map((one) => one.why)).toEqual([why, why, why]);
  expect(said.map((one) => one.code)).toEqual([`source.${code}`, `target.${code}`, `storage.${code}`]);
});

test("what to do about the credentials is the same everywhere; what to allow is not", () => {
  expect(advices(named("CredentialsProviderError")).size).toBe(1);
  expect(advices(named("ExpiredTokenException", "", whole)).size).toBe(1);
  expect(advices(named("AccessDeniedException", "", whole)).size).toBe(3);
});

test.each(["Region is missing", 'Region not accepted: region="eu west" is not a valid hostname component.'])(
  "%s is a mistake of the configuration, and no reason to try again",
  (message) => {
    expect(saidBy(new Error(message)).map(({ code }) => code)).toEqual(
      Array.from({ length: 3 }, () => "config.invalid"),
    );
  },
);

test("of a table that is not there a channel decides itself, and a target says what to do", () => {
  const [source, target] = saidBy(named("ResourceNotFoundException", "Requested resource not found", whole));
  expect(source).toEqual({ fault: "missing" });
  expect(target).toMatchObject({ code: "target.invalid", why: "there is no such table" });
});

test("a source that is told to slow down says so to its channel", () => {
  for (const name of ["ThrottlingException", "LimitExceededException"]) {
    const failure = answerFailure(named(name, "", whole), "scan the table", { table: "t", at: "here" });
    expect(failure instanceof SourceFault && failure.kind).toBe("throttled");
  }
});
