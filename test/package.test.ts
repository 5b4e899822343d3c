import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import lock from "../package-lock.json" with { type: "json" };
import manifest from "../package.json" with { type: "json" };
import { packageVersion } from "../src/base/index.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What a user installs with the product; a new one needs its reason here. */
const RUNTIME_DEPENDENCIES = [
  "@aws-sdk/client-dynamodb", // publishing, scans; loaded where something is published or scanned
  "@aws-sdk/client-dynamodb-streams", // streams; loaded where one is read
  "@aws-sdk/client-kinesis", // Kinesis streams of tables; loaded where one is read
  "@aws-sdk/client-s3", // lakes in S3; loaded where there is one
  "@duckdb/node-api", // the engine's types; its code is part of the build
  "@duckdb/node-bindings", // the engine
  "jiti", // configurations in TypeScript, on a Node that cannot run it
];

const TARGETS = [
  ...Object.values(manifest.bin),
  ...Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry))),
];
const BUILT = TARGETS.filter((path) => path.includes("dist/"));
const IS_BUILT = existsSync(join(ROOT, "dist"));
/** Where everything must be there, nothing is skipped. */
const IS_COMPLETE = process.env["CI"] === "true";

describe("the manifest", () => {
  test("the licence is Apache-2.0, and its text is there", () => {
    expect(manifest.license).toBe("Apache-2.0");
    expect(textOf("LICENSE")).toMatch(/^\s*Apache License\s+Version 2\.0, January 2004/);
  });

  test("every dependency has an exact version", () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/.test(version))).toEqual([]);
  });

  test("the runtime dependencies are those with a reason", () => {
    expect(Object.keys(manifest.dependencies).toSorted()).toEqual(RUNTIME_DEPENDENCIES.toSorted());
    expect(Object.keys(manifest)).not.toContain("optionalDependencies");
    expect(Object.keys(manifest)).not.toContain("peerDependencies");
  });

  test("installing the package runs nothing", () => {
    const running = new Set(["preinstall", "install", "postinstall", "prepare"]);
    expect(Object.keys(manifest.scripts).filter((name) => running.has(name))).toEqual([]);
  });

  test("it is an ES module for Node 20.19 and later", () => {
    expect(manifest.type).toBe("module");
    expect(manifest.engines.node).toBe(">=20.19");
  });

  test("the program knows its version, wherever its module lies", () => {
    expect(packageVersion()).toBe(manifest.version);
  });

  test("every file that it exports is made from a source that is there", () => {
    const sources = BUILT.map((path) => path.replace(/^(?:\.\/)?dist\//, "src/").replace(/(?:\.d\.ts|\.js)$/, ".ts"));
    expect(sources.length).toBeGreaterThanOrEqual(5);
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe.skipIf(!IS_BUILT && !IS_COMPLETE)("the build", () => {
  test("every file that the package exports exists", () => {
    expect(TARGETS.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("the function at the edge is a small file that needs nothing beside Node", () => {
    const code = textOf("dist/edge/index.js");
    const imported = [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)].map(([, id]) => id);
    expect(imported.filter((id) => !id?.startsWith("node:"))).toEqual([]);
    expect(code.length).toBeLessThan(EDGE_BYTES_MAX);
  });

  test("the command starts with its interpreter", () => {
    for (const path of Object.values(manifest.bin)) expect(textOf(path)).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("the package holds the product, and no test, source or data", () => {
    const packed = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--silent"], {
        cwd: ROOT,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    ) as [{ files: { path: string }[]; unpackedSize: number }];
    const paths = packed[0].files.map((file) => file.path);
    expect(paths).toContain("LICENSE");
    expect(paths.filter((path) => !/^(?:dist\/|docs\/[^/]+\.md$|[A-Z]+(?:\.md)?$|package\.json$)/.test(path))).toEqual(
      [],
    );
    expect(paths.filter((path) => /\.test\.|\/test\//.test(path))).toEqual([]);
    expect(packed[0].unpackedSize).toBeLessThan(UNPACKED_BYTES_MAX);
  });
});

describe("the repository", () => {
  test("the lock file names no place to download from", () => {
    const places = Object.entries(lock.packages).filter(([, entry]) => "resolved" in entry);
    expect(places).toEqual([]);
    expect(textOf("package-lock.json")).not.toMatch(/registry/i);
  });

  const tracked = trackedFiles();
  test.skipIf(tracked === undefined)(
    "no tracked file knows a machine: no home folders, no registry hosts, no tokens",
    () => {
      const machine =
        /\/(?:work|root|home|Users)\/[\w.-]+\/|\bregistry\.(?!test\b)[a-z0-9-]+\.[a-z]{2,}|_authToken|BEGIN [A-Z ]*PRIVATE KEY/;
      const own = "test/package.test.ts";
      const wrong = (tracked ?? []).filter((path) => path !== own && machine.test(textOf(path)));
      expect(wrong).toEqual([]);
    },
  );
});

/** A function of Lambda starts the faster the smaller it is. */
const EDGE_BYTES_MAX = 60_000;

/** Maps and declarations included, and the client of the engine, whose binary comes as a dependency. */
const UNPACKED_BYTES_MAX = 9_000_000;

/** Undefined outside a clone. */
function trackedFiles(): string[] | undefined {
  if (!existsSync(join(ROOT, ".git"))) return undefined;
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
  return listed.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
