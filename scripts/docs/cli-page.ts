import { GLOBAL_FLAGS, type Flag } from "../../src/cli/arguments/flag.ts";
import { COMMANDS } from "../../src/cli/catalog.ts";
import type { CommandEntry } from "../../src/cli/command.ts";

/** `docs/cli.md`, from the commands themselves. */
export function cliPage(): string {
  return `<!-- Printed from src/cli/catalog.ts by \`npm run docs\`: change it there. -->

# Command line

stdout is data, stderr is talk. With \`--json\` every command prints one object whose \`schema\` names its form and version
(\`sluice.run/1\`). Exit codes: [errors.md](errors.md).

Tables are named \`layer.name\`: \`bronze.orders\`, \`silver.orders\`, \`gold.daily_sales\`, \`quarantine.silver_orders\`, \`system.runs\`.

## How values are printed

| | JSON, NDJSON | CSV, tables |
| --- | --- | --- |
| integers | numbers up to ±(2⁵³ − 1), beyond them strings | digits |
| decimals | strings, with every digit of their scale | digits |
| doubles | numbers that read back as the same double; \`"NaN"\`, \`"Infinity"\`, \`"-Infinity"\` | the same |
| timestamps | \`"2026-01-31T12:00:00.123456Z"\`; without a zone no \`Z\` | the same |
| binary | base64 | base64 |
| structs, arrays, maps | objects, arrays; maps with other than string keys are lists of \`[key, value]\` | their JSON |
| NULL | \`null\` | nothing; \`NULL\` in tables |

CSV follows RFC 4180; a text that a spreadsheet would run (it starts with \`=\`, \`+\`, \`-\`, \`@\`, a tab …) gets a \`'\` before it. Control
characters of data are escaped wherever a terminal or a table shows them.

With \`--json\` and when it fails, a command prints \`{"schema": "sluice.error/1", "error": {"code", "message", "facts", "advice", …}}\`.

## Flags of every command

${flagList(GLOBAL_FLAGS)}

${COMMANDS.map(commandSection).join("\n\n")}
`;
}

function commandSection(command: CommandEntry): string {
  const usage = ["sluice", command.name, command.usage, "[flags]"].filter((word) => word !== "").join(" ");
  const width = Math.max(...command.examples.map(({ line }) => line.length));
  const examples = command.examples.map(({ line, about }) => `${line.padEnd(width)}  # ${about}`);
  const flags = command.flags.length === 0 ? [] : [flagList(command.flags)];
  return [`## \`sluice ${command.name}\``, `${command.about}.`, fenced([usage, "", ...examples]), ...flags].join(
    "\n\n",
  );
}

function flagList(flags: readonly Flag[]): string {
  return flags
    .map(({ name, short, value, about }) => {
      const long = `--${name}${value === undefined ? "" : ` <${value}>`}`;
      return `- \`${short === undefined ? long : `-${short}, ${long}`}\` – ${about}`;
    })
    .join("\n");
}

function fenced(lines: readonly string[]): string {
  return ["```sh", ...lines, "```"].join("\n");
}
