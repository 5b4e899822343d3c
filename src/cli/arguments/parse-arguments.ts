import { parseArgs } from "node:util";
import { SluiceError } from "../../base/index.ts";
import type { Flag } from "./flag.ts";
import { nearest } from "./near-miss.ts";

/** What was typed, as names and texts: which flags there are is known, what their values mean is not. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** Switches hold `true`. The last of several wins. */
  readonly values: ReadonlyMap<string, string | true>;
}

/**
 * Takes a command line apart: `--limit 3`, `--limit=3`, `-c path`, `-qv`, `--` before texts that start with a dash, `-` as a text.
 * Fails with `usage.invalid` on an unknown flag, a missing or superfluous value, a value that is no choice.
 */
export function parseArguments(words: readonly string[], flags: readonly Flag[], command = ""): ParsedArguments {
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      flags.map((flag) => [
        flag.name,
        {
          type: flag.value === undefined ? "boolean" : "string",
          ...(flag.short === undefined ? {} : { short: flag.short }),
        },
      ]),
    ),
  });
  const positionals: string[] = [];
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = flags.find((one) => one.name === token.name);
    if (flag === undefined) throw unknownFlag(token.rawName, flags, command);
    values.set(flag.name, flagValue(flag, token.rawName, token.value));
  }
  return { positionals, values };
}

/** The command and everything else, wherever the command stands between global flags. */
export function splitCommand(
  words: readonly string[],
  globals: readonly Flag[],
): { readonly command: string | undefined; readonly rest: readonly string[] } {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-") {
      return { command: word, rest: [...words.slice(0, index), ...words.slice(index + 1)] };
    }
    if (takesNextWord(word, globals)) index += 1;
  }
  return { command: undefined, rest: words };
}

function takesNextWord(word: string, globals: readonly Flag[]): boolean {
  return globals.some((flag) => flag.value !== undefined && (word === `--${flag.name}` || word === `-${flag.short}`));
}

function flagValue(flag: Flag, typed: string, value: string | undefined): string | true {
  if (flag.value === undefined) {
    if (value === undefined) return true;
    throw new SluiceError("usage.invalid", `Cannot use ${typed}: it takes no value`, { facts: { flag: typed, value } });
  }
  if (value === undefined || value === "") {
    throw new SluiceError("usage.invalid", `Cannot use ${typed}: it needs a value <${flag.value}>`, {
      facts: { flag: typed },
    });
  }
  if (flag.choices !== undefined && !flag.choices.includes(value)) {
    const near = nearest(value, flag.choices);
    throw new SluiceError("usage.invalid", `Cannot use ${typed} ${value}: it is one of ${flag.choices.join(", ")}`, {
      facts: { flag: typed, value },
      ...(near === undefined ? {} : { advice: `Did you mean \`${typed} ${near}\`?` }),
    });
  }
  return value;
}

function unknownFlag(typed: string, flags: readonly Flag[], command: string): SluiceError {
  const near = nearest(
    typed.replace(/^-+/, ""),
    flags.map((flag) => flag.name),
  );
  const help = `See \`sluice ${command === "" ? "" : `${command} `}--help\`.`;
  const isNumber = /^-\d/.test(typed);
  return new SluiceError("usage.invalid", `Cannot use the flag ${typed}: there is none of that name`, {
    facts: { flag: typed, command: command === "" ? undefined : command },
    advice: isNumber
      ? "Write `--` before a text that starts with a dash."
      : near === undefined
        ? help
        : `Did you mean \`--${near}\`? ${help}`,
  });
}
