import { expect, test } from "vitest";
import { answerOf, causeOf } from "./service-answer.ts";
import { TROUBLES, troubleOf, type Trouble } from "./service-trouble.ts";

/** As the SDK throws what a service said. */
function said(name: string, message: string, status = 400): Error {
  return Object.assign(new Error(message), { name, $fault: "client", $metadata: { httpStatusCode: status } });
}

/** As it throws what the network or its own parts say. */
function local(message: string, more: object = {}): Error {
  return Object.assign(new Error(message), more);
}

test.each<[Error, Trouble]>([
  [local("Could not load credentials from any providers", { name: "CredentialsProviderError" }), "no-credentials"],
  [local("Resolved credential object is not valid"), "no-credentials"],
  [said("ExpiredTokenException", "The security token included in the request is expired"), "expired-credentials"],
  [said("UnrecognizedClientException", "The security token included in the request is invalid."), "unknown-credentials"], // prettier-ignore
  [said("InvalidSignatureException", "The request signature we calculated does not match"), "unknown-credentials"],
  [said("InvalidSignatureException", "Signature expired: 20260101T0000Z is now earlier than …"), "wrong-clock"],
  [said("InvalidSignatureException", "Signature not yet current: 20260101T0000Z"), "wrong-clock"],
  [said("AccessDeniedException", "User is not authorized to perform: dynamodb:Scan"), "denied"],
  [said("KMSDisabledException", "The key is disabled"), "unusable-key"],
  [said("KMSThrottlingException", "slow down"), "throttled"],
  [local("Region is missing"), "no-region"],
  [local('Region not accepted: region="eu west" is not a valid hostname component.'), "wrong-region"],
  [local("getaddrinfo ENOTFOUND dynamodb.eu-wst-1.amazonaws.com", { code: "ENOTFOUND" }), "unreachable"],
  [local("connect ECONNREFUSED 127.0.0.1:1", { code: "ECONNREFUSED" }), "unreachable"],
  [local("a request has exceeded the configured 30000 ms", { name: "TimeoutError", code: "ETIMEDOUT" }), "silent"],
  [local("socket hang up", { code: "ECONNRESET" }), "silent"],
  [said("ProvisionedThroughputExceededException", "slow down"), "throttled"],
  [said("Whatever", "slow down", 429), "throttled"],
  [said("ResourceInUseException", "Table is being updated"), "busy"],
  [said("ResourceNotFoundException", "Requested resource not found"), "missing"],
  [said("ValidationException", "One or more parameter values were invalid"), "refused"],
  [said("InternalServerError", "sorry", 500), "failed"],
  // A refusal whose body was cut off is none.
  [local("Unexpected end of JSON input", { name: "SyntaxError", $metadata: { httpStatusCode: 400 } }), "failed"],
])("%s is trouble of its own kind", (error, trouble) => {
  expect(troubleOf(answerOf(error))).toBe(trouble);
});

test("only what may go away by itself is called unavailable", () => {
  const passing = Object.entries(TROUBLES).filter(([, { kind }]) => kind === "unavailable");
  expect(passing.map(([trouble]) => trouble).toSorted()).toEqual([
    "busy",
    "failed",
    "silent",
    "throttled",
    "unreachable",
  ]);
});

test("the cause has the service's words and the request's number, and nothing of the request", () => {
  const error = Object.assign(said("AccessDeniedException", "not you"), {
    $metadata: { httpStatusCode: 400, requestId: "R1" },
    $request: { headers: { authorization: "secret" } },
  });
  const cause = causeOf(answerOf(error));
  expect([cause.name, cause.message]).toEqual(["AccessDeniedException", "not you (request R1)"]);
  expect(Object.keys(cause)).toEqual(["name"]);
  expect(answerOf("boo")).toMatchObject({ code: "Unknown", message: "boo" });
});
