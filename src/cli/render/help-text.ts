import { type Flag, GLOBAL_FLAGS } from "../arguments/flag.ts";
import type { CommandEntry } from "../command.ts";
import type { Paint } from "./paint.ts";

/** The help of the whole: examples first, then commands, then flags. */
export function generalHelp(commands: readonly CommandEntry[], paint: Paint): string {
  const examples = [
    { line: "sluice plan", about: "what the next run would do" },
    { line: "sluice run", about: "take in what is new, bring every table up to date" },
    { line: 'sluice query "select * from gold.daily_sales limit 10"', about: "look at the result" },
    { line: "sluice trace silver.orders 'A-1007' --record", about: "where a row comes from" },
  ];
  return [
    "sluice – every change out of DynamoDB into Bronze, Silver and Gold Delta tables\n",
    section("Examples", exampleRows(examples), paint),
    section("Usage", [["sluice <command> [flags]", ""]], paint),
    section(
      "Commands",
      commands.map((one) => [one.name, one.about]),
      paint,
    ),
    section("Flags", flagRows(GLOBAL_FLAGS), paint),
    "`sluice <command> --help` shows a command's examples and flags.\n",
  ].join("\n");
}

export function commandHelp(command: CommandEntry, paint: Paint): string {
  const usage = ["sluice", command.name, command.usage, "[flags]"].filter((word) => word !== "").join(" ");
  return [
    `sluice ${command.name} – ${command.about}\n`,
    section("Examples", exampleRows(command.examples), paint),
    section("Usage", [[usage, ""]], paint),
    ...(command.flags.length === 0 ? [] : [section("Flags", flagRows(command.flags), paint)]),
    section("Flags of every command", flagRows(globalFlagsOf(command)), paint),
  ].join("\n");
}

/** Flags of every command; a command's own flag of the same name (`read --version`) goes before. */
function globalFlagsOf(command: CommandEntry): readonly Flag[] {
  return GLOBAL_FLAGS.filter((flag) => !command.flags.some((own) => own.name === flag.name));
}

function exampleRows(examples: CommandEntry["examples"]): [string, string][] {
  return examples.map(({ line, about }) => [line, about]);
}

function flagRows(flags: readonly Flag[]): [string, string][] {
  return flags.map((flag) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    return [`${short}--${flag.name}${flag.value === undefined ? "" : ` <${flag.value}>`}`, flag.about];
  });
}

const LEFT_MAX = 40; // longer lines get their explanation on the next line

function section(title: string, rows: readonly (readonly [string, string])[], paint: Paint): string {
  const left = Math.max(0, ...rows.map(([text]) => text.length).filter((length) => length <= LEFT_MAX));
  const lines = rows.map(([text, about]) => {
    if (about === "") return `  ${text}`;
    if (text.length > LEFT_MAX) return `  ${text}\n${" ".repeat(left + 4)}${paint.dim(about)}`;
    return `  ${text.padEnd(left)}  ${paint.dim(about)}`;
  });
  return `${paint.bold(title)}\n${lines.join("\n")}\n`;
}
