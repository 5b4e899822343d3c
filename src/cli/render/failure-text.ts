import { isFailure, messageOf, type SluiceError } from "../../base/index.ts";
import { ConfigError, type Problem } from "../../definition/index.ts";
import type { Jsonable } from "./json.ts";
import type { Paint } from "./paint.ts";
import { safeLine, safeLines } from "./safe-text.ts";

/** A failure for people: code and what, where, why, and the next step. With `isVerbose`, the stacks behind it. */
export function failureText(
  failure: SluiceError,
  paint: Paint,
  { isVerbose }: { readonly isVerbose: boolean },
): string {
  const [what = "", ...details] = safeLines(plainMessage(failure)).split("\n");
  const lines = [
    `${paint.red(`✗ ${failure.code}`)}  ${what}`,
    ...details.filter((line) => line.trim() !== "").map((line) => `  ${line}`),
  ];
  const where = Object.entries(failure.facts)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${safeLine(String(value))}`);
  if (where.length > 0) lines.push(`  ${paint.dim("where")}  ${where.join("  ")}`);
  for (const cause of causesOf(failure)) lines.push(`  ${paint.dim("cause")}  ${cause}`);
  lines.push(`  ${paint.dim("next")}   ${safeLine(failure.advice)}`);
  if (isVerbose) lines.push(...stackLines(failure).map((line) => paint.dim(`  ${line}`)));
  return `${lines.join("\n")}\n`;
}

/** The same for programs. */
export function failureJson(failure: SluiceError): { readonly [name: string]: Jsonable } {
  const problems = failure instanceof ConfigError ? failure.problems.map(problemJson) : undefined;
  return {
    code: failure.code,
    message: failure.message,
    facts: { ...failure.facts },
    advice: failure.advice,
    retryable: failure.retryable,
    exitCode: failure.exitCode,
    problems,
  };
}

function problemJson({ path, message, expected, got }: Problem): { readonly [name: string]: Jsonable } {
  return { path, message, expected, got };
}

/** The message without the facts that the error itself has put at its end; they are shown on a line of their own. */
function plainMessage(failure: SluiceError): string {
  const facts = Object.entries(failure.facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? JSON.stringify(value) : String(value)}`)
    .join(" ");
  return facts !== "" && failure.message.endsWith(` ${facts}`)
    ? failure.message.slice(0, -facts.length - 1)
    : failure.message;
}

const CAUSES_MAX = 5;

/** First lines of what lies behind the failure, as far as they say something new. */
function causesOf(failure: SluiceError): string[] {
  const causes: string[] = [];
  let said = failure.message;
  for (let cause = failure.cause; cause !== undefined && causes.length < CAUSES_MAX; cause = causeOf(cause)) {
    const [line = ""] = messageOf(cause).split("\n");
    if (line.trim() !== "" && !said.includes(line.trim())) causes.push(safeLine(line.trim()));
    said += line;
  }
  return causes;
}

function stackLines(failure: SluiceError): string[] {
  const lines: string[] = [];
  let error: unknown = failure;
  for (let depth = 0; error instanceof Error && depth <= CAUSES_MAX; depth += 1) {
    const code = isFailure(error) ? ` [${error.code}]` : "";
    lines.push(`${depth === 0 ? "" : "caused by "}${error.name}${code}`, ...framesOf(error));
    error = error.cause;
  }
  return lines;
}

function framesOf(error: Error): string[] {
  return (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => safeLine(line));
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
