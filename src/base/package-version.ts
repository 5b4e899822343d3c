import { readFileSync } from "node:fs";

let known: string | undefined;

/** The version of this package. Its manifest stands above this module, however deep: built modules lie elsewhere than sources. */
export function packageVersion(): string {
  known ??= versionAbove(new URL("./", import.meta.url));
  return known;
}

function versionAbove(folder: URL): string {
  const manifest = manifestIn(folder);
  if (manifest?.name === "sluice") return String(manifest.version);
  const parent = new URL("../", folder);
  return parent.href === folder.href ? "unknown" : versionAbove(parent);
}

function manifestIn(folder: URL): { readonly name?: unknown; readonly version?: unknown } | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    return typeof manifest === "object" && manifest !== null ? manifest : undefined;
  } catch {
    return undefined; // none here: the next folder up may have it
  }
}
