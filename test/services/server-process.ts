import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const START_TIMEOUT_MS = 60_000;

export interface ServerCommand {
  readonly program: string;
  readonly programArguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A server of this machine that listens on `port`; it is killed when it is disposed of, and with this process. */
export interface ServerProcess extends AsyncDisposable {
  readonly port: number;
  readonly child: ChildProcess;
}

/** Starts a server in `folder` and waits until it takes connections. */
export async function startProcess(folder: string, command: (port: number) => ServerCommand): Promise<ServerProcess> {
  const port = await freePort();
  const { program, programArguments, environment } = command(port);
  const child = spawn(program, [...programArguments], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stopWithTest = (): void => void child.kill("SIGKILL");
  process.once("exit", stopWithTest);
  await waitFor(child, port);
  return {
    port,
    child,
    [Symbol.asyncDispose]: async () => {
      process.removeListener("exit", stopWithTest);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
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
  throw new Error(`The server did not start: ${log}`);
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
