import { addAbortSignal } from "node:stream";
import { isatty } from "node:tty";
import { realWorld } from "../base/index.ts";
import { OutputClosed, type DataOutput, type Io, type TalkOutput, type TextInput } from "./io.ts";

interface Descriptor {
  readonly fd: number;
}

/** The outside of a real process. */
export function processIo(signal: AbortSignal): Io {
  return {
    stdin: stdinOf(process.stdin),
    stdout: dataOutput(process.stdout),
    stderr: talkOutput(process.stderr),
    env: process.env,
    folder: process.cwd(),
    world: realWorld(),
    signal,
    every: (ms, tick) => {
      const timer = setInterval(tick, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

function dataOutput(stream: NodeJS.WriteStream & Descriptor): DataOutput {
  let closed: Error | undefined;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    closed = error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED" ? new OutputClosed() : error;
  });
  return {
    isTTY: isatty(stream.fd),
    columns: columnsOf(stream),
    write: async (text) => {
      if (closed !== undefined) throw closed;
      await new Promise<void>((resolve, reject) => {
        stream.write(text, (error) => {
          if (error === undefined || error === null) resolve();
          else reject((error as NodeJS.ErrnoException).code === "EPIPE" ? new OutputClosed() : error);
        });
      });
    },
  };
}

function talkOutput(stream: NodeJS.WriteStream & Descriptor): TalkOutput {
  stream.on("error", () => undefined); // nobody listens to the talk any more: the work goes on
  return {
    isTTY: isatty(stream.fd),
    columns: columnsOf(stream),
    write: (text) => {
      stream.write(text);
    },
  };
}

/** Some terminals do not know their width, and say 0. */
function columnsOf(stream: NodeJS.WriteStream & Descriptor): number | undefined {
  return isatty(stream.fd) && stream.columns > 0 ? stream.columns : undefined;
}

function stdinOf(stream: NodeJS.ReadStream & Descriptor): TextInput {
  return {
    isTTY: isatty(stream.fd),
    all: async (signal) => {
      const chunks: Buffer[] = [];
      addAbortSignal(signal, stream);
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString("utf8");
    },
    line: async (signal) => {
      const { createInterface } = await import("node:readline");
      const lines = createInterface({ input: stream, terminal: false });
      try {
        return await new Promise<string | undefined>((resolve) => {
          lines.once("line", resolve);
          lines.once("close", () => resolve(undefined));
          signal.addEventListener("abort", () => resolve(undefined), { once: true });
        });
      } finally {
        lines.close();
      }
    },
  };
}
