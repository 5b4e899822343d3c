import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withoutNodeWarning } from "../without-node-warning.ts";
import { answerOf } from "./service-answer.ts";
import { clientSettings, regionOf } from "./service-place.ts";
import { troubleOf } from "./service-trouble.ts";

const ANSWER_MS = 150;
const ABORT_MS = 10_000;

/** Never answers; of `/half` it answers the first half. */
let server: Server;
let endpoint: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== "/half/") return;
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0", "content-length": "200" });
    response.write('{"Table":');
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", listening);
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test.each(["", "/half"])("who is not answered hears so in time: %s", { timeout: 2 * ABORT_MS }, async (path) => {
  const settings = clientSettings({ endpoint: endpoint + path }, { attempts: 1, answerMs: ANSWER_MS });
  const credentials = { accessKeyId: "sluicetest", secretAccessKey: "sluicetestsecret" };
  const client = withoutNodeWarning(() => new DynamoDBClient({ ...settings, credentials }));
  try {
    const abortSignal = AbortSignal.timeout(ABORT_MS);
    const answer = client.send(new DescribeTableCommand({ TableName: "t" }), { abortSignal });
    const error: unknown = await answer.then(() => undefined, (reason: unknown) => reason); // prettier-ignore
    expect(abortSignal.aborted).toBe(false);
    expect(answerOf(error).code).toBe("TimeoutError");
    expect(["silent", "failed"]).toContain(troubleOf(answerOf(error)));
  } finally {
    client.destroy();
  }
});

test("a region is named where there is none: another server has no regions, and the signature wants a name", () => {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  try {
    delete process.env["AWS_REGION"];
    delete process.env["AWS_DEFAULT_REGION"];
    expect(regionOf({})).toBeUndefined();
    expect(regionOf({ endpoint: "http://localhost" })).toBe("us-east-1");
    process.env["AWS_REGION"] = "eu-north-1";
    expect(regionOf({})).toBeUndefined();
    expect(regionOf({ endpoint: "http://localhost" })).toBe("eu-north-1");
    expect(regionOf({ endpoint: "http://localhost", region: "eu-west-1" })).toBe("eu-west-1");
  } finally {
    for (const [name, value] of Object.entries({ AWS_REGION, AWS_DEFAULT_REGION })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
