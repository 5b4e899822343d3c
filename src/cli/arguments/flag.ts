/** A flag of the command line. */
export interface Flag {
  /** Without the dashes: `limit`. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What the value is called in the help (`n`, `path`); a flag without it is a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly about: string;
}

/** Flags that every command takes. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  {
    name: "config",
    short: "c",
    value: "path",
    about: "The lake's definition (default: sluice.config.ts, .mts, .js or .mjs here)",
  },
  { name: "json", about: "One JSON object on stdout, also for errors" },
  { name: "quiet", short: "q", about: "No talk on stderr but errors" },
  { name: "verbose", short: "v", about: "More talk: causes, stacks" },
  { name: "no-color", about: "No colours (also: NO_COLOR)" },
  { name: "no-input", about: "Never ask" },
  { name: "help", short: "h", about: "Show this" },
  { name: "version", short: "V", about: "Show the version" },
];
