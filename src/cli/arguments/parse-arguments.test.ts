import { describe, expect, test } from "vitest";
import type { SluiceError } from "../../base/index.ts";
import { GLOBAL_FLAGS, type Flag } from "./flag.ts";
import { parseArguments, splitCommand } from "./parse-arguments.ts";

const FLAGS: readonly Flag[] = [
  { name: "limit", short: "n", value: "n", about: "" },
  { name: "format", value: "format", choices: ["table", "json", "csv", "ndjson"], about: "" },
  { name: "quiet", short: "q", about: "" },
  { name: "verbose", short: "v", about: "" },
];

function failureOf(words: readonly string[]): SluiceError {
  try {
    parseArguments(words, FLAGS, "read");
  } catch (error) {
    return error as SluiceError;
  }
  throw new Error(`${words.join(" ")} was accepted`);
}

describe("parseArguments", () => {
  test.each([
    [["--limit", "3", "x"], ["x"], { limit: "3" }],
    [["--limit=3", "x"], ["x"], { limit: "3" }],
    [["-n", "3"], [], { limit: "3" }],
    [["-n3", "-qv"], [], { limit: "3", quiet: true, verbose: true }],
    [["a", "--quiet", "b"], ["a", "b"], { quiet: true }],
    [["-"], ["-"], {}],
    [["--", "-5", "--limit"], ["-5", "--limit"], {}],
    [["--limit", "1", "--limit", "2"], [], { limit: "2" }],
    [["--limit", "-1"], [], { limit: "-1" }],
    [["--format", "csv"], [], { format: "csv" }],
  ])("%j", (words, positionals, values) => {
    const parsed = parseArguments(words, FLAGS);
    expect(parsed.positionals).toEqual(positionals);
    expect(Object.fromEntries(parsed.values)).toEqual(values);
  });

  test.each([
    [["--limt", "3"], "Did you mean `--limit`?"],
    [["--formt=csv"], "Did you mean `--format`?"],
    [["--zzzzzz"], "See `sluice read --help`."],
    [["-5"], "Write `--` before a text that starts with a dash."],
    [["--limit"], "See `sluice --help`."],
    [["--limit="], "See `sluice --help`."],
    [["--quiet=yes"], "See `sluice --help`."],
    [["--format", "jsn"], "Did you mean `--format json`?"],
  ])("%j is a mistake in the usage, with advice", (words, advice) => {
    const failure = failureOf(words);
    expect([failure.code, failure.exitCode]).toEqual(["usage.invalid", 2]);
    expect(failure.advice).toContain(advice);
  });
});

describe("splitCommand", () => {
  test.each([
    [["run"], "run", []],
    [["run", "a", "-c", "x"], "run", ["a", "-c", "x"]],
    [["-c", "x", "run", "a"], "run", ["-c", "x", "a"]],
    [["--config", "x", "--json", "run"], "run", ["--config", "x", "--json"]],
    [["--config=x", "run"], "run", ["--config=x"]],
    [["--version"], undefined, ["--version"]],
    [[], undefined, []],
  ])("%j", (words, command, rest) => {
    expect(splitCommand(words, GLOBAL_FLAGS)).toEqual({ command, rest });
  });
});
