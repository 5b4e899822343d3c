/** An object of a JSON answer. */
export type Json = Readonly<Record<string, unknown>>;

/** Signed by nobody: DynamoDB Local takes its account and region from here and checks no more. */
const AUTHORIZATION =
  "AWS4-HMAC-SHA256 Credential=sluicetest/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none";

/** Asks DynamoDB Local in its own JSON, without an SDK between: what it says stays as it is. */
export async function askLocal(endpoint: string, target: string, body: Json): Promise<Json> {
  const answer = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": target,
      authorization: AUTHORIZATION,
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`DynamoDB Local refused ${target}: ${text}`);
  return JSON.parse(text) as Json;
}
