import { stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { SluiceError, isFailure, messageOf } from "../base/index.ts";
import { resolveLake, type LakeDefinition } from "../definition/index.ts";
import { importConfig } from "./import-config.ts";

/** Looked for in this order; the first one counts. */
const CONFIG_FILES = ["sluice.config.ts", "sluice.config.mts", "sluice.config.js", "sluice.config.mjs"] as const;
const EXTENSIONS = [".ts", ".mts", ".js", ".mjs"];

export interface LoadedConfig {
  readonly definition: LakeDefinition;
  /** Absolute; relative paths of the configuration start here. */
  readonly folder: string;
  /** Absolute. */
  readonly file: string;
}

/**
 * Loads and checks a configuration: the file, or the `sluice.config.*` of the folder, at `path` (default: the working folder).
 * Fails with `config.unreadable` (no such file, a syntax error, an error while it runs) or `config.invalid` (`ConfigError`).
 */
export async function loadConfig(
  path: string | undefined,
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<LoadedConfig> {
  const file = await findConfig(resolve(path ?? "."));
  const folder = dirname(file);
  const loaded = await importConfig(file, env);
  return { definition: resolveLake(loaded, { folder, env, file }), folder, file };
}

async function findConfig(path: string): Promise<string> {
  const kind = await kindOf(path);
  if (kind === "folder") {
    for (const name of CONFIG_FILES) {
      const file = join(path, name);
      if ((await kindOf(file)) === "file") return file;
    }
    throw new SluiceError("config.unreadable", "Cannot find a configuration: the folder has no sluice.config.ts", {
      facts: { folder: path },
      advice: `Name the file with -c/--config, or write one of ${CONFIG_FILES.join(", ")}.`,
    });
  }
  if (kind === "missing") {
    throw new SluiceError("config.unreadable", "Cannot read the configuration: no such file", {
      facts: { file: path },
    });
  }
  if (EXTENSIONS.includes(extname(path))) return path;
  throw new SluiceError(
    "config.unreadable",
    "Cannot read the configuration: it is no TypeScript or JavaScript module",
    {
      facts: { file: path, extensions: EXTENSIONS.join(" ") },
    },
  );
}

async function kindOf(path: string): Promise<"file" | "folder" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    if (isFailure(error)) throw error;
    throw new SluiceError("config.unreadable", `Cannot read the configuration: ${messageOf(error)}`, {
      facts: { file: path },
      cause: error,
    });
  }
}
