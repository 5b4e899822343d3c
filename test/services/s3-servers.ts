import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { partFolder } from "./parts.ts";
import { startProcess, type ServerCommand } from "./server-process.ts";

/** A store that speaks S3's protocol, on this machine, with one bucket. Its credentials are in this process's environment. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly port: number;
  /** The whole of it, for requests that the product does not make. */
  readonly client: S3Client;
}

/** Those of DynamoDB Local, which likes letters only: a lake uses both. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: "sluicetest", AWS_SECRET_ACCESS_KEY: "sluicetestsecret" };
const BUCKET = "lake";

/** VersityGW: a serious S3 over a folder. */
export async function startVersityGw(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-versitygw-"));
  const [data, metadata] = [join(folder, "data"), join(folder, "metadata")];
  await Promise.all([data, metadata].map(async (one) => await mkdir(one)));
  const program = join(partFolder("versitygw"), "versitygw");
  return await startServer(folder, (port) => ({
    program,
    programArguments: ["--quiet", "--port", `127.0.0.1:${port}`, "posix", "--sidecar", metadata, data],
  }));
}

/** Moto: S3 as AWS's own tests imitate it, in memory. Several requests at once would slip through between its look and its write. */
export async function startMoto(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-moto-"));
  const program = join(partFolder("moto"), "bin", "python");
  return await startServer(folder, (port) => ({ program, programArguments: ["-c", MOTO_ONE_BY_ONE, String(port)] }));
}

const MOTO_ONE_BY_ONE = `
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
`;

async function startServer(folder: string, command: (port: number) => ServerCommand): Promise<S3Server> {
  Object.assign(process.env, CREDENTIALS, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" });
  const environment = {
    ROOT_ACCESS_KEY: CREDENTIALS.AWS_ACCESS_KEY_ID,
    ROOT_SECRET_KEY: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  };
  const server = await startProcess(folder, (port) => ({ ...command(port), environment }));
  const { port } = server;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    endpoint,
    port,
    bucket: BUCKET,
    client,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
