import { constants, renameSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { World } from "../../base/index.ts";
import { sync, withDescriptor, writeAll } from "./descriptor.ts";
import { ensureFolder } from "./folders.ts";
import { errnoOf, fileFailure } from "./file-failure.ts";

/** Foreign tools may tidy away an empty folder between making it and writing into it; a name may be taken. */
const ATTEMPTS_MAX = 8;

const NAME = /^\.sluice-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Names of our unfinished files: hidden, never listed, never an object. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name);
}

/** A finished, durable temporary file with this content in the folder, which is made where it is missing. */
export async function writeTemporary(world: World, folder: string, body: Uint8Array): Promise<string> {
  return await inFolder(world, folder, async (file) => {
    await withDescriptor(file, "wx", async (descriptor) => {
      try {
        await writeAll(descriptor, body);
        await sync(descriptor);
      } catch (error) {
        discard(file);
        throw error;
      }
    });
  });
}

/**
 * Brings a finished file of this machine into the folder as a durable temporary file; says whether it had to be copied.
 * The file is moved, not linked: a second name of the object's bytes would let a later writer of that name damage it.
 */
export async function adoptTemporary(
  world: World,
  folder: string,
  file: string,
): Promise<{ temporary: string; isCopy: boolean }> {
  try {
    await syncFile(file);
  } catch (error) {
    throw fileFailure(error, "create", { path: file, store: "this machine" });
  }
  let isCopy = false;
  const temporary = await inFolder(world, folder, async (target) => {
    try {
      renameSync(file, target);
    } catch (error) {
      if (errnoOf(error) !== "EXDEV") throw error;
      await copyDurably(file, target);
      isCopy = true;
    }
  });
  return { temporary, isCopy };
}

/** Removes an unfinished file after a failure. That failure is what counts: a leftover is swept later. */
export function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    return;
  }
}

async function inFolder(world: World, folder: string, make: (file: string) => Promise<void>): Promise<string> {
  for (let tried = 1; ; tried += 1) {
    await ensureFolder(folder);
    const file = join(folder, `.sluice-${world.uuid()}.tmp`);
    try {
      await make(file);
      return file;
    } catch (error) {
      const errno = errnoOf(error);
      if (tried >= ATTEMPTS_MAX || (errno !== "ENOENT" && errno !== "EEXIST")) throw error;
    }
  }
}

async function copyDurably(file: string, target: string): Promise<void> {
  try {
    await copyFile(file, target, constants.COPYFILE_EXCL);
    await syncFile(target);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") discard(target);
    throw error;
  }
}

async function syncFile(file: string): Promise<void> {
  await withDescriptor(file, "r", sync);
}
