import { existsSync, readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The rooms from the ground up: imports go down this list only (ARCHITECTURE.md). */
const ROOMS = [
  "base",
  "contract",
  "storage",
  "delta",
  "iceberg",
  "engine",
  "sources",
  "targets",
  "quality",
  "definition",
  "edge",
  "layers",
  "orchestration",
  "governance",
  "observability",
  "serving",
  "deploy",
  "lake",
  "cli",
];

/** Packages that only one room may know. */
const PACKAGE_ROOMS: Readonly<Record<string, string>> = {
  "@aws-sdk/client-s3": "storage",
  "@duckdb/node-api": "engine",
  jiti: "cli",
};

/** Where the real clock, randomness and timers may be touched: the world itself, and the terminal that ticks. */
const WORLDLY: ReadonlySet<string> = new Set(["src/base/world.ts", "src/cli/process-io.ts"]);

/** Folders of the sources that are no source: reading files of a source, and writing what is staged. */
const SHARED_BY_SOURCES: ReadonlySet<string> = new Set(["input", "staged"]);

const LINES_MAX = 300;

interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly code: string;
}

interface Import {
  readonly from: SourceFile;
  /** As it is written. */
  readonly specifier: string;
  /** Relative to the repository; undefined for a package. */
  readonly target: string | undefined;
}

const FROM = /(?:^|[;}\n])\s*(?:import|export)\b[^;'"`]*?\bfrom\s*["']([^"'\n]+)["']/g;
const BARE = /(?:^|[;}\n])\s*import\s*["']([^"'\n]+)["']/g;
const CALL = /\bimport\s*\(\s*["']([^"'\n]+)["']/g;

const SOURCES = filesBelow("src");
const EVERYTHING = [...SOURCES, ...["test", "bench", "examples", "scripts"].flatMap((folder) => filesBelow(folder))];
const IMPORTS = SOURCES.flatMap((file) => importsOf(file));
const PRODUCT_IMPORTS = IMPORTS.filter(({ from }) => !isTest(from.path));

describe("rooms", () => {
  test("every source file stands in a room of the list, and every room has a door", () => {
    expect(SOURCES.map((file) => file.path).filter((path) => !ROOMS.includes(roomOf(path) ?? ""))).toEqual([]);
    const rooms = new Set(SOURCES.map((file) => roomOf(file.path) ?? ""));
    const withoutDoor = [...rooms].filter((room) => room !== "cli" && !existsSync(join(ROOT, "src", room, "index.ts")));
    expect(withoutDoor).toEqual([]);
  });

  test("imports go down the list only", () => {
    const wrong = IMPORTS.filter(({ from, target }) => {
      const [room, other] = [roomOf(from.path), roomOf(target ?? "")];
      return room !== undefined && other !== undefined && ROOMS.indexOf(other) > ROOMS.indexOf(room);
    });
    expect(wrong.map(sentence)).toEqual([]);
  });

  test("another room is entered through its index.ts only", () => {
    const wrong = IMPORTS.filter(({ from, target }) => {
      const other = roomOf(target ?? "");
      return other !== undefined && other !== roomOf(from.path) && target !== `src/${other}/index.ts`;
    });
    expect(wrong.map(sentence)).toEqual([]);
  });

  test("a source or a target never imports another one", () => {
    const wrong = IMPORTS.filter(({ from, target }) => {
      const [source, other] = [folderOfSource(from.path), folderOfSource(target ?? "")];
      return source !== undefined && other !== undefined && source !== other;
    });
    expect(wrong.map(sentence)).toEqual([]);
  });

  test("what a room's tests need from beside src comes from test/", () => {
    const wrong = IMPORTS.filter(({ from, target }) => {
      if (target === undefined || target.startsWith("src/")) return false;
      return !isTest(from.path) || !target.startsWith("test/");
    });
    expect(wrong.map(sentence)).toEqual([]);
  });

  test("every import is of a file that is there", () => {
    const wrong = IMPORTS.filter(({ target }) => target !== undefined && !existsSync(join(ROOT, target)));
    expect(wrong.map(sentence)).toEqual([]);
  });
});

describe("packages", () => {
  test("the product imports node's own modules by their node: name, and its declared dependencies", () => {
    const declared = new Set(Object.keys(manifest.dependencies));
    const wrong = PRODUCT_IMPORTS.filter(({ specifier, target }) => {
      if (target !== undefined) return false;
      return isBuiltin(specifier) ? !specifier.startsWith("node:") : !declared.has(packageOf(specifier));
    });
    expect(wrong.map(sentence)).toEqual([]);
  });

  test("the engine's and the command line's packages are known to their rooms alone", () => {
    const wrong = PRODUCT_IMPORTS.filter(({ from, specifier }) => {
      const room = PACKAGE_ROOMS[packageOf(specifier)];
      return room !== undefined && room !== roomOf(from.path);
    });
    expect(wrong.map(sentence)).toEqual([]);
  });

  test("no product file imports a test", () => {
    const wrong = PRODUCT_IMPORTS.filter(({ specifier }) => /\.test\.ts$|^vitest$|^fast-check$/.test(specifier));
    expect(wrong.map(sentence)).toEqual([]);
  });
});

describe("files", () => {
  test("sources have no default exports", () => {
    const wrong = SOURCES.filter(
      ({ path, code }) => !isTest(path) && /^\s*export\s+default\b|\bas\s+default\b/m.test(code),
    );
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test(`no file has more than ${LINES_MAX} lines of code`, () => {
    const long = EVERYTHING.map((file) => ({ path: file.path, lines: linesOf(file.code) }));
    expect(long.filter((file) => file.lines > LINES_MAX)).toEqual([]);
  });

  test("names of files say what is in them, in kebab-case", () => {
    const banned = /^(?:utils?|helpers?|manager|common|misc|types)$/;
    const wrong = SOURCES.filter(({ path }) => {
      const name = path.split("/").at(-1)?.split(".")[0] ?? "";
      return banned.test(name) || !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name);
    });
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test("clock, randomness and timers come from the world", () => {
    const own =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bperformance\.now\b|\bhrtime\b|\bset(?:Timeout|Interval)\(|\bnode:timers\b/;
    const wrong = SOURCES.filter(({ path, code }) => {
      return !isTest(path) && !WORLDLY.has(path) && own.test(code);
    });
    expect(wrong.map((file) => file.path)).toEqual([]);
  });

  test("nothing below the command line's entry ends the process", () => {
    const wrong = SOURCES.filter(({ path, code }) => {
      return !isTest(path) && path !== "src/cli/main.ts" && /\bprocess\.exit\(/.test(code);
    });
    expect(wrong.map((file) => file.path)).toEqual([]);
  });
});

describe("the eyes of this test", () => {
  test("see every way to import", () => {
    const code = [
      'import { a } from "../x.ts";',
      'import type { B } from "../../engine/index.ts";',
      'export { c,\n  d } from "./y.ts";',
      'export * from "../../base/index.ts";',
      'import "node:fs";',
      'const lazy = await import("../z.ts");',
      'type T = typeof import("@duckdb/node-api");',
      '// import { no } from "./comment.ts";',
      'const text = "import nothing";',
    ].join("\n");
    expect(
      importsOf({ path: "src/delta/a/b.ts", code: withoutComments(code) }).map(
        ({ target, specifier }) => target ?? specifier,
      ),
    ).toEqual([
      "src/delta/x.ts",
      "src/engine/index.ts",
      "src/delta/a/y.ts",
      "src/base/index.ts",
      "node:fs",
      "src/delta/z.ts",
      "@duckdb/node-api",
    ]);
  });

  test("tell code from comments and from text", () => {
    const code = [
      "/* one",
      " * two */ const a = 1;",
      "",
      "  // three",
      'const url = "http://x"; // four',
      "`/* five */`",
    ];
    expect(linesOf(withoutComments(code.join("\n")))).toBe(3);
    expect(withoutComments(code.join("\n"))).toContain("http://x");
    expect(withoutComments(code.join("\n"))).toContain("/* five */");
  });
});

function filesBelow(folder: string): SourceFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules/"))
    .map((path) => ({ path, code: withoutComments(readFileSync(join(ROOT, path), "utf8")) }));
}

function importsOf(from: SourceFile): Import[] {
  return [FROM, BARE, CALL]
    .flatMap((pattern) => [...from.code.matchAll(pattern)])
    .toSorted((one, other) => one.index - other.index)
    .map(([, specifier = ""]) => ({
      from,
      specifier,
      target: specifier.startsWith(".") ? join(dirname(from.path), specifier) : undefined,
    }));
}

/** Keeps strings, templates and the number of lines; a regular expression with a quote in it may confuse it. */
function withoutComments(code: string): string {
  const piece = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[^])*`|\/\*[^]*?\*\/|\/\/[^\n]*/g;
  return code.replace(piece, (text) => (/^\/[*/]/.test(text) ? text.replace(/[^\n]/g, "") : text));
}

function linesOf(code: string): number {
  return code.split("\n").filter((line) => line.trim() !== "").length;
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** The folder of one source or target: `src/sources/<name>/…`. Undefined also for what sources have in common. */
function folderOfSource(path: string): string | undefined {
  const [whole, folder = ""] = /^src\/(?:sources|targets)\/([^/]+)\//.exec(path) ?? [];
  return whole === undefined || SHARED_BY_SOURCES.has(folder) ? undefined : whole;
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

function sentence({ from, specifier }: Import): string {
  return `${from.path} imports ${specifier}`;
}
