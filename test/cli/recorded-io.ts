import { simulatedWorld, type World } from "../../src/base/index.ts";
import { OutputClosed, type Io } from "../../src/cli/io.ts";

export interface RecordedIoOptions {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly stdin?: string;
  /** A simulated one by default: not for commands that write, since its identifiers come again. */
  readonly world?: World;
  /** Writes to stdout until its reader goes away. */
  readonly writesUntilClosed?: number;
}

export interface RecordedIo {
  readonly io: Io;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What the clock of a terminal does: every timer fires once. */
  readonly tick: () => void;
  readonly stop: (signal: "SIGINT" | "SIGTERM") => void;
}

/** An outside for the command line that keeps what was said, with a clock that moves only by looking at it. */
export function recordedIo(options: RecordedIoOptions = {}): RecordedIo {
  const { isTTY = false, columns, env = {}, folder = ".", stdin = "" } = options;
  let data = "";
  let talk = "";
  let writes = 0;
  const timers = new Set<() => void>();
  const stop = new AbortController();
  const lines = stdin.split("\n");
  const io: Io = {
    stdin: {
      isTTY,
      all: async () => await Promise.resolve(stdin),
      line: async () => await Promise.resolve(lines.shift()),
    },
    stdout: {
      isTTY,
      columns,
      write: async (text) => {
        writes += 1;
        if (writes > (options.writesUntilClosed ?? Infinity)) throw new OutputClosed();
        data += text;
        await Promise.resolve();
      },
    },
    stderr: {
      isTTY,
      columns,
      write: (text) => {
        talk += text;
      },
    },
    env,
    folder,
    world: options.world ?? simulatedWorld(1),
    signal: stop.signal,
    every: (_ms, fire) => {
      timers.add(fire);
      return () => timers.delete(fire);
    },
  };
  return {
    io,
    stdout: () => data,
    stderr: () => talk,
    tick: () => {
      for (const fire of timers) fire();
    },
    stop: (signal) => stop.abort(signal),
  };
}
