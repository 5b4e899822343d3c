import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordedIo, type RecordedIoOptions } from "../../test/cli/recorded-io.ts";
import { COMMANDS } from "./catalog.ts";
import { runCli } from "./cli.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function cli(words: readonly string[], options: RecordedIoOptions = {}) {
  const recorded = recordedIo({ folder, ...options });
  const exitCode = await runCli(words, recorded.io);
  return { exitCode, stdout: recorded.stdout(), stderr: recorded.stderr() };
}

describe("help", () => {
  test("is shown, examples first, for the whole and for every command", async () => {
    const { exitCode, stdout, stderr } = await cli(["--help"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout.indexOf("Examples")).toBeLessThan(stdout.indexOf("Commands"));
    for (const { name, examples } of COMMANDS) {
      expect(stdout).toContain(`\n  ${name} `);
      const own = await cli([name, "--help"]);
      expect(own.exitCode).toBe(0);
      expect(own.stdout.indexOf("Examples")).toBeLessThan(own.stdout.indexOf("Usage"));
      expect(own.stdout).toContain(examples[0]?.line ?? "no example");
      expect((await cli(["help", name])).stdout).toBe(own.stdout);
    }
  });

  test("goes to stderr, as a mistake, where no command was given", async () => {
    const { exitCode, stdout, stderr } = await cli([]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Examples");
  });

  test("has colours on a terminal, and none where they are not wanted", async () => {
    expect((await cli(["--help"], { isTTY: true })).stdout).toContain("\u001b[1mExamples");
    expect((await cli(["--help", "--no-color"], { isTTY: true })).stdout).not.toContain("\u001b");
    expect((await cli(["--help"], { isTTY: true, env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b");
    expect((await cli(["--help"])).stdout).not.toContain("\u001b");
  });
});

test("the version is that of the package", async () => {
  expect(await cli(["--version"])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect(JSON.parse((await cli(["-V", "--json"])).stdout)).toMatchObject({ schema: "sluice.version/1" });
});

describe("mistakes in the usage", () => {
  test.each([
    [["stats"], "Did you mean `sluice status`?"],
    [["run", "--jsn"], "Did you mean `--json`?"],
    [["trace", "silver.orders"], "sluice trace <table> <key>"],
    [["doctor", "now"], "sluice doctor"],
    [["query", "  "], "sluice --help"],
    [["quarantine", "lst"], "sluice quarantine list"],
    [["read", "x", "--output", "x.xlsx"], ".parquet, .csv or .ndjson"],
    [["help", "runn"], "Did you mean `sluice run`?"],
  ])("%j exits 2 and says what was meant", async (words, advice) => {
    const { exitCode, stdout, stderr } = await cli(words);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("✗ usage.invalid");
    expect(stderr).toContain(advice);
  });

  test("are one object on stdout for programs", async () => {
    const { exitCode, stdout } = await cli(["run", "--jsn", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "sluice.error/1",
      error: { code: "usage.invalid", facts: { flag: "--jsn" }, exitCode },
    });
  });
});

describe("a configuration", () => {
  test("that is not there exits 2 and says where it was looked for", async () => {
    const { exitCode, stderr } = await cli(["status"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("✗ config.unreadable");
    expect(stderr).toContain(folder);
  });

  test("with mistakes exits 2 with all of them", async () => {
    const file = join(folder, "wrong.config.mjs");
    await writeFile(file, "export default { tables: [] };\n");
    const { exitCode, stdout } = await cli(["plan", "-c", file, "--json"]);
    const { error } = JSON.parse(stdout) as { error: { code: string; problems: readonly unknown[] } };
    expect([exitCode, error.code]).toEqual([2, "config.invalid"]);
    expect(error.problems.length).toBeGreaterThan(0);
  });

  test("whose code fails is an error of the configuration, with its stack under -v only", async () => {
    const file = join(folder, "failing.config.mjs");
    await writeFile(file, "throw new Error('no such setting');\n");
    const brief = await cli(["plan", "-c", file]);
    expect(brief.stderr).toContain("no such setting");
    expect(brief.stderr).not.toMatch(/^ +at /m);
    expect((await cli(["plan", "-c", file, "-v"])).stderr).toMatch(/^ +at /m);
  });
});

describe("the end", () => {
  test("is quiet when nobody reads the output any more", async () => {
    const { exitCode, stderr } = await cli(["--help"], { writesUntilClosed: 0 });
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("after %s has the exit code %d", async (signal, expected) => {
    const recorded = recordedIo({ folder });
    recorded.stop(signal);
    const io = {
      ...recorded.io,
      stdin: { ...recorded.io.stdin, all: async () => await Promise.reject(new Error("aborted")) },
    };
    expect(await runCli(["query", "-"], io)).toBe(expected);
    expect(recorded.stderr()).toContain("run.interrupted");
  });
});
