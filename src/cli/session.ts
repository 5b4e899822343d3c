import type { FlagValues } from "./arguments/flag-values.ts";
import type { Io } from "./io.ts";
import { prettyJson, type Jsonable } from "./render/json.ts";
import { paintFor, wantsColour, type Paint } from "./render/paint.ts";

/** One call of one command: what was typed, where output goes, and in what form. */
export interface Session {
  readonly io: Io;
  readonly flags: FlagValues;
  readonly positionals: readonly string[];
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isVerbose: boolean;
  /** Whether a question may be asked. */
  readonly mayAsk: boolean;
  /** Colours of stdout and of stderr. */
  readonly paint: Paint;
  readonly talkPaint: Paint;
  /** Data, to stdout. */
  print(text: string): Promise<void>;
  /** A versioned object, to stdout: `{"schema": "sluice.<name>/1", …}`. */
  printJson(name: string, members: { readonly [name: string]: Jsonable }): Promise<void>;
  /** A line of talk, to stderr; nothing when quiet. */
  say(line: string): void;
  /** Whether anything has gone to stdout. */
  readonly hasPrinted: () => boolean;
}

export function newSession(io: Io, flags: FlagValues, positionals: readonly string[]): Session {
  let hasPrinted = false;
  const isQuiet = flags.isOn("quiet");
  const paint = (isTTY: boolean): Paint => paintFor(wantsColour(isTTY, io.env, flags.isOn("no-color")));
  const print = async (text: string): Promise<void> => {
    if (text === "") return;
    hasPrinted = true;
    await io.stdout.write(text);
  };
  return {
    io,
    flags,
    positionals,
    isJson: flags.isOn("json"),
    isQuiet,
    isVerbose: flags.isOn("verbose"),
    mayAsk: io.stdin.isTTY && io.stderr.isTTY && !flags.isOn("no-input") && !flags.isOn("json"),
    paint: paint(io.stdout.isTTY),
    talkPaint: paint(io.stderr.isTTY),
    print,
    printJson: async (name, members) => await print(`${prettyJson({ schema: `sluice.${name}/1`, ...members })}\n`),
    say: (line) => {
      if (!isQuiet) io.stderr.write(`${line}\n`);
    },
    hasPrinted: () => hasPrinted,
  };
}
