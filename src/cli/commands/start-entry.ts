import type { CommandEntry } from "../command.ts";

export const START: CommandEntry = {
  name: "start",
  about: "Keep the lake fresh until it is stopped: take in what comes, each flush interval",
  usage: "[tables…]",
  positionals: { least: 0, most: Number.POSITIVE_INFINITY },
  flags: [
    { name: "flush", value: "time", about: "Commit what came so often (100 ms to 15 min; default: 10 seconds)" },
    { name: "look", value: "time", about: "Look so often at what is no stream (default: 1 minute)" },
    { name: "json", about: "One line of JSON an event, on stdout" },
  ],
  examples: [
    { line: "sluice start", about: "every table, until Ctrl-C" },
    { line: 'sluice start --flush "1 second"', about: "fresher, in more and smaller commits" },
    { line: "sluice start bronze.orders silver.orders", about: "only these" },
    {
      line: "sluice start --json > flushes.ndjson",
      about: "for programs: what changed, how fresh it is, what failed",
    },
  ],
  load: async () => (await import("./start.ts")).start,
};
