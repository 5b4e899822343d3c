import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { SluiceError } from "../../base/index.ts";
import { errnoOf, fileFailure, unknownOutcome } from "./file-failure.ts";
import { syncFolder } from "./folders.ts";
import { discard } from "./temporary-file.ts";

interface Where {
  readonly path: string;
  readonly store: string;
}

/**
 * Gives a finished temporary file its name, unless something has that name: `link` is atomic and never replaces.
 * The temporary name is gone when it succeeds; where nothing was created, `undo` says what becomes of it.
 */
export async function publishNew(
  temporary: string,
  final: string,
  { where, undo }: { where: Where; undo: () => void },
): Promise<"created" | "exists"> {
  let outcome: "created" | "exists";
  try {
    outcome = linkOnce(temporary, final, where);
  } catch (error) {
    try {
      undo();
    } catch (failedUndo) {
      throw unknownOutcome(failedUndo, "create", where);
    }
    throw error;
  }
  try {
    unlinkSync(temporary);
    if (outcome === "created") await syncFolder(dirname(final));
  } catch (error) {
    throw unknownOutcome(error, "create", where);
  }
  return outcome;
}

/** Gives a finished temporary file its name, in place of what had it. */
export async function publishOver(temporary: string, final: string, where: Where): Promise<void> {
  try {
    renameSync(temporary, final);
  } catch (error) {
    discard(temporary);
    throw fileFailure(error, "replace", where);
  }
  try {
    await syncFolder(dirname(final));
  } catch (error) {
    throw unknownOutcome(error, "replace", where);
  }
}

function linkOnce(temporary: string, final: string, where: Where): "created" | "exists" {
  try {
    linkSync(temporary, final);
    return "created";
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST") return whatExists(temporary, final, where);
    if (errno === "EPERM" || errno === "ENOTSUP" || errno === "EOPNOTSUPP" || errno === "ENOSYS") {
      throw new SluiceError("storage.denied", "Cannot create an object: the file system refuses hard links", {
        facts: { ...where, reason: errno },
        advice:
          "Put the lake on a file system with hard links (ext4, XFS, APFS, NFS …): creating safely rests on them.",
        cause: error,
      });
    }
    throw fileFailure(error, "create", where);
  }
}

/** NFS may say "exists" of our own link when its first answer was lost: the same file under both names is ours. */
function whatExists(temporary: string, final: string, where: Where): "created" | "exists" {
  const [mine, there] = [lstatSync(temporary, { bigint: true }), lstatSync(final, { bigint: true })];
  if (mine.ino === there.ino && mine.dev === there.dev) return "created";
  if (there.isFile()) return "exists";
  throw new SluiceError("storage.invalid-path", "Cannot create an object: something else than a file is at its path", {
    facts: { ...where },
  });
}
