import { SluiceError, isFailure, messageOf, packageVersion } from "../base/index.ts";
import { FlagValues } from "./arguments/flag-values.ts";
import { GLOBAL_FLAGS } from "./arguments/flag.ts";
import { nearest } from "./arguments/near-miss.ts";
import { parseArguments, splitCommand } from "./arguments/parse-arguments.ts";
import { COMMANDS } from "./catalog.ts";
import type { CommandEntry } from "./command.ts";
import { OutputClosed, type Io } from "./io.ts";
import { paintFor, wantsColour } from "./render/paint.ts";
import { newSession, type Session } from "./session.ts";

/**
 * The whole command line: takes the words behind `sluice`, returns the exit code (OPERATIONS, "CLI conventions": 0 ok,
 * 2 usage or configuration … as FAILURES says; 130 and 143 after a signal). Never throws.
 */
export async function runCli(words: readonly string[], io: Io): Promise<number> {
  let session = newSession(io, flagsSeen(words), []);
  try {
    const { command: name, rest } = splitCommand(words, GLOBAL_FLAGS);
    if (name === undefined || name === "help") return await runWithoutCommand(name, rest, io);
    const command = COMMANDS.find((one) => one.name === name);
    if (command === undefined) throw unknownCommand(name);
    const own = command.flags.map((flag) => flag.name);
    const flags = [...command.flags, ...GLOBAL_FLAGS.filter((flag) => !own.includes(flag.name))];
    const parsed = parseArguments(rest, flags, name);
    session = newSession(io, new FlagValues(parsed.values), parsed.positionals);
    if (session.flags.isOn("help")) return await printHelp(command, io, session);
    if (!own.includes("version") && session.flags.isOn("version")) return await printVersion(session);
    checkPositionals(command, parsed.positionals);
    const run = await command.load();
    return await run(session);
  } catch (error) {
    return await reportFailure(error, session);
  }
}

/** Enough of the flags to report a mistake in them in the wanted form. */
function flagsSeen(words: readonly string[]): FlagValues {
  const seen = GLOBAL_FLAGS.filter((flag) => flag.value === undefined && words.includes(`--${flag.name}`));
  return new FlagValues(new Map(seen.map((flag) => [flag.name, true])));
}

async function runWithoutCommand(name: string | undefined, rest: readonly string[], io: Io): Promise<number> {
  const parsed = parseArguments(rest, GLOBAL_FLAGS);
  const session = newSession(io, new FlagValues(parsed.values), parsed.positionals);
  const [about] = parsed.positionals;
  if (name === undefined && session.flags.isOn("version")) return await printVersion(session);
  if (name === "help" && about !== undefined) {
    const command = COMMANDS.find((one) => one.name === about);
    if (command === undefined) throw unknownCommand(about);
    return await printHelp(command, io, session);
  }
  if (name === undefined && !session.flags.isOn("help")) {
    if (session.isJson) throw new SluiceError("usage.invalid", "Cannot run: no command was given");
    io.stderr.write(await generalHelpText(io, session));
    return 2;
  }
  await session.print(await generalHelpText(io, session));
  return 0;
}

async function generalHelpText(io: Io, session: Session): Promise<string> {
  const { generalHelp } = await import("./render/help-text.ts");
  return generalHelp(COMMANDS, paintFor(wantsColour(io.stdout.isTTY, io.env, session.flags.isOn("no-color"))));
}

async function printHelp(command: CommandEntry, io: Io, session: Session): Promise<number> {
  const { commandHelp } = await import("./render/help-text.ts");
  const isColourful = wantsColour(io.stdout.isTTY, io.env, session.flags.isOn("no-color"));
  await session.print(commandHelp(command, paintFor(isColourful)));
  return 0;
}

async function printVersion(session: Session): Promise<number> {
  const version = packageVersion();
  if (session.isJson) await session.printJson("version", { version, node: process.versions.node });
  else await session.print(`${version}\n`);
  return 0;
}

function unknownCommand(name: string): SluiceError {
  const near = nearest(name, [...COMMANDS.map((one) => one.name), "help"]);
  return new SluiceError("usage.invalid", `Cannot run ${name}: there is no such command`, {
    facts: { command: name },
    advice: near === undefined ? "See `sluice --help`." : `Did you mean \`sluice ${near}\`? See \`sluice --help\`.`,
  });
}

function checkPositionals(command: CommandEntry, positionals: readonly string[]): void {
  const { least, most } = command.positionals;
  if (positionals.length >= least && positionals.length <= most) return;
  const usage = `sluice ${command.name} ${command.usage}`.trim();
  const why = positionals.length < least ? "something is missing" : `too much: ${positionals.slice(most).join(" ")}`;
  throw new SluiceError("usage.invalid", `Cannot run ${command.name}: ${why}`, {
    facts: { usage },
    advice: `Write \`${usage}\`; see \`sluice ${command.name} --help\`.`,
  });
}

async function reportFailure(error: unknown, session: Session): Promise<number> {
  if (error instanceof OutputClosed) return 0;
  const failure = asFailure(error, session.io.signal);
  const { failureJson, failureText } = await import("./render/failure-text.ts");
  session.io.stderr.write(failureText(failure, session.talkPaint, { isVerbose: session.isVerbose }));
  if (session.isJson && !session.hasPrinted()) {
    try {
      await session.printJson("error", { error: failureJson(failure) });
    } catch (closed) {
      if (!(closed instanceof OutputClosed)) throw closed;
    }
  }
  return exitCodeAfter(failure, session.io.signal);
}

function asFailure(error: unknown, signal: AbortSignal): SluiceError {
  if (isFailure(error)) return error;
  if (signal.aborted) {
    return new SluiceError("run.interrupted", "Stopped by a signal; what was committed stays", { cause: error });
  }
  return new SluiceError("internal.bug", `An unexpected error: ${messageOf(error)}`, { cause: error });
}

/** 128 + the signal's number after a signal, else the failure's own. */
export function exitCodeAfter(failure: SluiceError, signal: AbortSignal): number {
  if (failure.code !== "run.interrupted") return failure.exitCode;
  return signal.reason === "SIGTERM" ? 143 : 130;
}
