import { SluiceError } from "../../../base/index.ts";
import type { ObjectStore } from "../../../storage/index.ts";
import type { PlannedFile } from "../../source.ts";

/**
 * Fails where a file that was read is not as it was listed (its time stands in its unit as `modifiedMs`): it is still being written, or was
 * replaced; the next run takes it in. `whose`: who delivers it, for the message.
 */
export async function assertUnchanged(
  store: ObjectStore,
  whose: string,
  { path, sizeBytes, unit }: PlannedFile,
  read: number,
): Promise<void> {
  const now = await store.stat(path);
  // Some stores tell the time to the second here and to the millisecond in a listing.
  const isAsListed = now !== undefined && Math.trunc(now.modifiedMs / 1_000) === Math.trunc(Number(unit["modifiedMs"]) / 1_000); // prettier-ignore
  if (read === sizeBytes && now?.sizeBytes === sizeBytes && isAsListed) return;
  throw new SluiceError("source.corrupt", `Cannot read a file of ${whose}: it changed while it was read`, {
    facts: { file: path, listed: sizeBytes, read, now: now?.sizeBytes },
    advice: "Let whatever writes or copies it finish, and run again.",
  });
}
