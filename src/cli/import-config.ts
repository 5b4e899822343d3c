import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import * as nodeModule from "node:module";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Jiti from "jiti";
import { SluiceError, messageOf } from "../base/index.ts";
import { privateCacheFolder } from "./private-cache-folder.ts";

/** Extension of the package's own modules: `.js` when built, `.ts` when run from source. */
const OWN_EXTENSION = extname(import.meta.url);
const DOOR_URL = new URL(`../lake/index${OWN_EXTENSION}`, import.meta.url).href;

/**
 * The default export of a configuration file, awaited; undefined where it has none. In it, `sluice` is this very package.
 * JavaScript is imported by Node, TypeScript too where Node strips types (22.18 and later), else by jiti.
 */
export async function importConfig(file: string, env: Readonly<Record<string, string | undefined>>): Promise<unknown> {
  try {
    const loaded = isNative(file) ? await importNative(file, env) : await importWithJiti(file, env);
    return await loaded["default"];
  } catch (error) {
    throw new SluiceError("config.unreadable", `Cannot read the configuration: ${whyOf(error)}`, {
      facts: { file, ...(await positionOf(file, error)) },
      cause: error,
    });
  }
}

type Module = Readonly<Record<string, unknown>>;

/** From source nothing is: it would be the test runner that imports, in its own way, and another copy of the package. */
function isNative(file: string): boolean {
  const { typescript } = process.features as { readonly typescript?: unknown };
  return OWN_EXTENSION === ".js" && (!isTypeScript(file) || typeof typescript === "string");
}

function isTypeScript(file: string): boolean {
  return /\.m?ts$/.test(file);
}

async function importNative(file: string, env: Readonly<Record<string, string | undefined>>): Promise<Module> {
  if (!resolvesToUs(file)) redirectToUs();
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Module;
  } catch (error) {
    // What only a compiler understands: enums, type imports without `type`, imports without an extension.
    if (!isTypeScript(file) || !isLinkError(error)) throw error;
    return await importWithJiti(file, env);
  }
}

/** Whether the file would get this package by itself: the usual case, where the project has it installed. */
function resolvesToUs(file: string): boolean {
  try {
    return pathToFileURL(createRequire(file).resolve("sluice")).href === DOOR_URL;
  } catch {
    return false; // not installed beside the file, or not built: then the name must be led to us
  }
}

/** Leads the name `sluice` to this package, for the rest of the process. */
function redirectToUs(): void {
  const { registerHooks } = nodeModule as { readonly registerHooks?: (hooks: object) => unknown };
  if (registerHooks !== undefined) {
    registerHooks({ resolve: resolveToUs });
    return;
  }
  const hook = `export async function resolve(name, context, next) {
    return name === "sluice" ? { url: ${JSON.stringify(DOOR_URL)}, shortCircuit: true } : await next(name, context);
  }`;
  nodeModule.register(`data:text/javascript,${encodeURIComponent(hook)}`);
}

function resolveToUs(name: string, context: unknown, next: (name: string, context: unknown) => unknown): unknown {
  return name === "sluice" ? { url: DOOR_URL, shortCircuit: true } : next(name, context);
}

function isLinkError(error: unknown): boolean {
  if (error instanceof SyntaxError) return true;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_MODULE_NOT_FOUND" || code === "ERR_UNSUPPORTED_DIR_IMPORT";
}

/** Jiti is loaded only here, and not by an `import`, with which Node reads it twice. Its cache holds code that we run, so it lies in a folder of ours alone. */
async function importWithJiti(file: string, env: Readonly<Record<string, string | undefined>>): Promise<Module> {
  const { createJiti }: typeof Jiti = createRequire(import.meta.url)("jiti");
  const door = await import("../lake/index.ts");
  const jiti = createJiti(file, {
    fsCache: (await privateCacheFolder("jiti", env)) ?? false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { sluice: door },
  });
  return await jiti.import(file);
}

function whyOf(error: unknown): string {
  const [why = ""] = messageOf(error)
    .replace(/^ParseError: /, "")
    .split("\n");
  return why.trim() || "it fails";
}

interface Position {
  /** Another file than the configuration: one that it imports. */
  readonly in?: string;
  readonly line: number;
  readonly column?: number;
}

/** Where the error lies, as far as it says. */
async function positionOf(file: string, error: unknown): Promise<Position | undefined> {
  if (!(error instanceof Error)) return undefined;
  const [, place, line, column] = /^ParseError: .*\n (.+):(\d+):(\d+)$/s.exec(error.message) ?? [];
  if (place !== undefined) {
    return { ...(place === file ? {} : { in: place }), line: Number(line), column: Number(column) + 1 };
  }
  const text = `${error.message}\n${error.stack ?? ""}`;
  const found = positionIn(text, file) ?? positionIn(text, pathToFileURL(file).href);
  if (found !== undefined || !(error instanceof SyntaxError)) return found;
  return await checkedPosition(file);
}

/** Node tells the place of a syntax error only on its way out, so another one is asked. */
async function checkedPosition(file: string): Promise<Position | undefined> {
  const stderr = await new Promise<string>((done) => {
    execFile(process.execPath, ["--check", file], (_error, _stdout, output) => done(output));
  });
  return positionIn(stderr, file) ?? positionIn(stderr, pathToFileURL(file).href);
}

function positionIn(text: string, name: string): Position | undefined {
  const start = text.indexOf(`${name}:`);
  if (start === -1) return undefined;
  const [, line, column] = /^:(\d+)(?::(\d+))?/.exec(text.slice(start + name.length)) ?? [];
  if (line === undefined) return undefined;
  return { line: Number(line), ...(column === undefined ? {} : { column: Number(column) }) };
}
