import { SluiceError, answerOf } from "../../base/index.ts";
import type { Attempts } from "./attempts.ts";
import { verdictOf } from "./write-verdict.ts";
import { s3Failure, unsureWrite, type Where } from "./s3-failure.ts";

/** One object that is to be created, by requests that may be lost. */
export interface Creation {
  readonly where: Where;
  /** Puts the object under the condition that there is none. Fails with the SDK's own error. */
  readonly put: () => Promise<void>;
  /** Whether the object that is there was put by this very creation; undefined when there is none. */
  readonly isOurs: () => Promise<boolean | undefined>;
}

/**
 * Creates an object once, whatever gets lost on the way. Each creation marks its object with a token of its own: so an answer
 * that never came, and a "taken" after it, are settled by looking whose object is there. What cannot be settled
 * within the tries is an unknown outcome.
 */
export async function writeOnce(attempts: Attempts, creation: Creation): Promise<"created" | "exists"> {
  let isUnsure = false;
  for (let tried = 1; ; tried += 1) {
    const found = isUnsure ? await lookUp(attempts, creation) : undefined;
    if (found !== undefined) return found ? "created" : "exists";
    let failure: unknown;
    try {
      await creation.put();
      attempts.succeeded();
      return "created";
    } catch (error) {
      failure = error;
    }
    const verdict = failure instanceof SluiceError ? "refused" : verdictOf(answerOf(failure));
    // Also when every answer came: what stands between us and the store may repeat a request on its own.
    if (verdict === "taken") return await settled(attempts, creation, isUnsure);
    isUnsure ||= verdict === "unsure";
    if (verdict === "refused" || !(await attempts.again(tried))) return await giveUp(creation, failure, isUnsure);
  }
}

async function settled(attempts: Attempts, creation: Creation, isUnsure: boolean): Promise<"created" | "exists"> {
  try {
    return (await attempts.repeat(creation.isOurs, mayHelp)) === true ? "created" : "exists";
  } catch (error) {
    // May we not look, a "taken" after nothing but answers is somebody else's.
    if (!isUnsure && verdictOf(answerOf(error)) === "refused") return "exists";
    throw unsureWrite(error, creation.where);
  }
}

async function lookUp(attempts: Attempts, creation: Creation): Promise<boolean | undefined> {
  try {
    return await attempts.repeat(creation.isOurs, mayHelp);
  } catch (error) {
    throw unsureWrite(error, creation.where);
  }
}

/** The last word: a request that was lost may have had its effect, which one more look can tell. */
async function giveUp(creation: Creation, failure: unknown, isUnsure: boolean): Promise<"created" | "exists"> {
  if (!isUnsure) throw s3Failure(failure, "create", creation.where);
  const found = await creation.isOurs().catch(() => undefined);
  if (found === undefined) throw unsureWrite(failure, creation.where);
  return found ? "created" : "exists";
}

/** Whether a request that changes nothing, or the same twice, is worth another try. */
export function mayHelp(error: unknown): boolean {
  if (error instanceof SluiceError) return false;
  const verdict = verdictOf(answerOf(error));
  return verdict === "again" || verdict === "unsure";
}
