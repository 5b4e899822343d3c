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
