#!/usr/bin/env node
import { runCli } from "./cli.ts";
import { processIo } from "./process-io.ts";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first signal lets the step at hand end or undo itself; the second ends the process at once. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(EXIT_CODES[name]);
      process.stderr.write("\nStopping after the step at hand; what is committed stays. Once more to stop at once.\n");
      stop.abort(name);
    });
  }
  return stop.signal;
}

const exitCode = await runCli(process.argv.slice(2), processIo(stopOnSignals()));
process.exit(exitCode);
