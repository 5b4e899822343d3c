import { SluiceError, isFailure, messageOf } from "../base/index.ts";
import type { LayerContext } from "../layers/index.ts";

/** What was thrown, as a failure with a code: an abort is the user's own, anything unknown a defect of ours. */
export function asFailure(error: unknown, context: Pick<LayerContext, "signal">): SluiceError {
  if (isFailure(error)) return error;
  if (context.signal?.aborted === true) {
    return new SluiceError("run.interrupted", "Stopped by a signal; what was committed stays", { cause: error });
  }
  return new SluiceError("internal.bug", `An unexpected error: ${messageOf(error)}`, { cause: error });
}
