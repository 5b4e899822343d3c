import { STORAGE_RETRY, SluiceError, isFailure, jitteredDelayMs, withRetry } from "../../base/index.ts";
import { commitPath } from "../log/file-names.ts";
import type { LogAccess } from "../log/log-access.ts";

/**
 * Puts a commit at its version unless somebody else is there ("taken"). A lost answer is settled by looking: the file with our
 * bytes (they hold a random `txnId`) is our own success, other bytes are a winner, no file means that the same version is tried
 * again. Nothing is ever cleaned up or replaced here.
 */
export async function publish(access: LogAccess, version: number, body: Uint8Array): Promise<"published" | "taken"> {
  const path = commitPath(version);
  for (let tried = 1; ; tried += 1) {
    const answer = await create(access, path, body);
    if (answer.kind === "created") return "published";
    const isSettled = tried === 1 && answer.kind === "exists";
    const found = await look(access, path, isSettled, answer.kind === "unknown" ? answer.failure : undefined);
    if (found !== undefined) return isSame(found, body) ? "published" : "taken";
    if (tried >= STORAGE_RETRY.attemptsMax) throw giveUp(access, path, answer);
    await access.world.sleep(jitteredDelayMs(access.world, STORAGE_RETRY, tried));
  }
}

type Answer =
  | { readonly kind: "created" }
  | { readonly kind: "exists" }
  | { readonly kind: "unknown"; readonly failure: SluiceError };

async function create(access: LogAccess, path: string, body: Uint8Array): Promise<Answer> {
  try {
    return { kind: await access.store.create(path, body) };
  } catch (error) {
    if (isFailure(error, "storage.unavailable")) return { kind: "unknown", failure: error };
    throw error;
  }
}

/**
 * What stands there; undefined when nothing does. Until it is settled whether our bytes are there, no failure to look may pass
 * for a refusal: the caller would take back what the commit refers to.
 */
async function look(
  access: LogAccess,
  path: string,
  isSettled: boolean,
  failure: SluiceError | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return await withRetry(access.world, STORAGE_RETRY, () => access.store.read(path));
  } catch (error) {
    if (isFailure(error, "storage.missing")) return undefined;
    if (isSettled && !isFailure(error, "storage.unavailable")) throw error;
    throw new SluiceError(
      "storage.unavailable",
      `Cannot tell whether ${path} was committed: the store answers neither the write nor the read`,
      { facts: { store: access.store.url }, cause: failure ?? error },
    );
  }
}

function giveUp(access: LogAccess, path: string, answer: Answer): SluiceError {
  if (answer.kind === "unknown") return answer.failure;
  return new SluiceError(
    "storage.unavailable",
    `Cannot read ${path}: the store says that it exists and does not have it`,
    {
      facts: { store: access.store.url },
    },
  );
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
