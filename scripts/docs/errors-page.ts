import { FAILURES, type FailureCode } from "../../src/base/index.ts";

/** `docs/errors.md`, from the table of failures. */
export function errorsPage(): string {
  const codes = Object.keys(FAILURES) as FailureCode[];
  const rows = codes.map((code) => {
    const { exit, retry, advice } = FAILURES[code];
    return `| \`${code}\` | ${exit} | ${retry ? "yes" : "no"} | ${advice.replaceAll("|", "\\|")} |`;
  });
  return `<!-- Printed from src/base/failures.ts by \`npm run docs\`: change it there. -->

# Errors

Every failure has a stable code. What is printed reads \`Cannot <verb> <object>: <why> key=value …\`, followed by what to do next;
with \`--json\` the same stands on stdout as \`error: { code, message, facts, advice }\`.

A failure stops the table it concerns and whatever reads that table. The other tables go on, and what was committed before stays.
Nothing is half-written: the next run goes on from the last commit.

## Exit codes

${table(
  ["code", "means"],
  EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`),
)}

When several tables fail, the exit code is that of the first.

## Codes

${table(["code", "exit", "may trying again help?", "what to do"], rows)}
`;
}

const EXIT_CODES = [
  ["0", "all right"],
  ["1", "a defect of Sluice or of its engine"],
  ["2", "the command line or the configuration is wrong"],
  ["3", "the plan was refused; nothing was written"],
  ["4", "a data-quality rule stopped a table"],
  ["5", "the source has a gap, or a file of it is missing or damaged"],
  ["6", "another process was faster"],
  ["7", "permission is missing"],
  ["8", "the store or the machine is short of something; trying again may help"],
  ["9", "a table is missing, damaged or beyond what is supported"],
  ["130, 143", "stopped by Ctrl-C or SIGTERM"],
] as const;

function table(head: readonly string[], rows: readonly string[]): string {
  return [`| ${head.join(" | ")} |`, `| ${head.map(() => "---").join(" | ")} |`, ...rows].join("\n");
}
