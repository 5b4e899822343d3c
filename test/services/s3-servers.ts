import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { partFolder } from "./parts.ts";

/** A store that speaks S3's protocol, on this machine, with one bucket. Its credentials are in this process's environment. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly port: number;
  /** The whole of it, for requests that the product does not make. */
  readonly client: S3Client;
}

const CREDENTIALS = { AWS_ACCESS_KEY_ID: "sluice-test", AWS_SECRET_ACCESS_KEY: "sluice-test-secret" };
const BUCKET = "lake";
const START_TIMEOUT_MS = 60_000;

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

async function startServer(
  folder: string,
  command: (port: number) => { readonly program: string; readonly programArguments: readonly string[] },
): Promise<S3Server> {
  Object.assign(process.env, CREDENTIALS, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" });
  const port = await freePort();
  const { program, programArguments } = command(port);
  const child = spawn(program, [...programArguments], {
    cwd: folder,
    env: {
      ...process.env,
      ROOT_ACCESS_KEY: CREDENTIALS.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stopWithTest = (): void => void child.kill("SIGKILL");
  process.once("exit", stopWithTest);
  await waitFor(child, port);
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
      process.removeListener("exit", stopWithTest);
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that nobody has at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function waitFor(child: ChildProcess, port: number): Promise<void> {
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4_000)));
  child.once("error", (error) => (log += String(error)));
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 50) {
    if (child.exitCode !== null) break;
    if (await answers(port)) return;
    await delay(50);
  }
  child.kill("SIGKILL");
  throw new Error(`The store did not start: ${log}`);
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
