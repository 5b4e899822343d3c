import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A folder of data that lies beside the repository and not in it: `../shared/<path>`. */
export function sharedFolder(path: string): string {
  return join(ROOT, "..", "shared", path);
}

/**
 * For `describe.skipIf(!requireShared("data/retail"))`: true where the data is there. Where it is missing, continuous
 * integration fails and everybody else is told on stderr.
 */
export function requireShared(path: string): boolean {
  const folder = sharedFolder(path);
  if (existsSync(folder)) return true;
  const why = `the data is not beside the repository: ${join("..", "shared", path)}`;
  if (process.env["CI"] === "true") throw new Error(`Cannot test: ${why}`);
  process.stderr.write(`SKIPPED: ${why}\n`);
  return false;
}
