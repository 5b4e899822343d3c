import { describe, expect, test } from "vitest";
import { SluiceError } from "../../base/index.ts";
import { ConfigError } from "../../definition/index.ts";
import { failureJson, failureText } from "./failure-text.ts";
import { paintFor } from "./paint.ts";

const paint = paintFor(false);
const quiet = { isVerbose: false };

describe("failureText", () => {
  test("says what, where, why and the next step", () => {
    const failure = new SluiceError("source.corrupt", "Cannot read the data file: its MD5 is another", {
      facts: { file: "data/a.json.gz", expected: "x", size: 3 },
      cause: new Error("unexpected end of file"),
    });
    expect(failureText(failure, paint, quiet)).toBe(
      [
        "✗ source.corrupt  Cannot read the data file: its MD5 is another",
        "  where  file=data/a.json.gz  expected=x  size=3",
        "  cause  unexpected end of file",
        "  next   Copy the file from the source again; the next run goes on from here.",
        "",
      ].join("\n"),
    );
  });

  test("lists every mistake of a configuration", () => {
    const failure = new ConfigError(
      [
        { path: "name", message: "expected a text, got 1", expected: "a text", got: "1" },
        { path: "tables.silver.a.keys", message: "expected a list, got nothing", expected: "a list", got: "nothing" },
      ],
      "sluice.config.ts",
    );
    const text = failureText(failure, paint, quiet);
    expect(text).toContain("2 problems");
    expect(text).toContain("\n    name: expected a text, got 1\n");
    expect(failureJson(failure)["problems"]).toHaveLength(2);
  });

  test("shows stacks when asked to, and no control characters ever (A3, A48)", () => {
    const failure = new SluiceError("internal.bug", "An unexpected error: \u001b[2J", {
      facts: { name: "a\r\nb" },
      cause: new TypeError("x is not a function"),
    });
    const text = failureText(failure, paint, { isVerbose: true });
    expect(text).toContain("caused by TypeError");
    expect(text).toMatch(/^ +at /m);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/); // oxlint-disable-line no-control-regex
    expect(failureText(failure, paint, quiet)).not.toMatch(/^ +at /m);
  });
});
