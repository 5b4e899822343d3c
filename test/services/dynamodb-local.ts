import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { partFolder } from "./parts.ts";
import { startProcess } from "./server-process.ts";

/** DynamoDB and its streams on this machine, in memory. Its credentials are in this process's environment. */
export interface DynamoDbServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly client: DynamoDBClient;
  readonly streams: DynamoDBStreamsClient;
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "sluicetest", AWS_SECRET_ACCESS_KEY: "sluicetestsecret" };

/** DynamoDB Local: tables, scans, conditional writes and streams as AWS's own emulator has them. No exports, no shard splits. */
export async function startDynamoDbLocal(): Promise<DynamoDbServer> {
  Object.assign(process.env, CREDENTIALS, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" });
  const folder = await mkdtemp(join(tmpdir(), "sluice-dynamodb-"));
  const jars = partFolder("dynamodb-local");
  const home = process.env["JAVA_HOME"];
  const server = await startProcess(folder, (port) => ({
    program: home === undefined || home === "" ? "java" : join(home, "bin", "java"),
    programArguments: [
      "-Xmx1g",
      `-Djava.library.path=${jars}`,
      "-cp",
      `${jars}/*`,
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      "-inMemory",
      "-disableTelemetry",
      "-port",
      String(port),
    ],
  }));
  const endpoint = `http://127.0.0.1:${server.port}`;
  const settings = { endpoint, region: "us-east-1" };
  const client = new DynamoDBClient(settings);
  const streams = new DynamoDBStreamsClient(settings);
  return {
    endpoint,
    port: server.port,
    client,
    streams,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      streams.destroy();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
