import { SluiceError, isFailure } from "../../base/index.ts";

/** Delta's readers and vacuum leave names with `_` alone. */
export const PROOF_PATH = "_sluice_create_only";

const TEXT = "Sluice tried to create this object twice, to see that the store refuses the second time.\n";

/**
 * Refuses a store that does not keep the condition of a put: there, two writers would replace each other's commits (F18). The
 * object of the proof stays, so that the next proof is one request.
 */
export async function proveConditions(
  store: string,
  create: (body: Uint8Array) => Promise<"created" | "exists">,
): Promise<void> {
  const body = new TextEncoder().encode(TEXT);
  try {
    if ((await create(body)) === "exists" || (await create(body)) === "exists") return;
  } catch (error) {
    if (!isFailure(error) || error.facts["reason"] !== "NotImplemented") throw error;
  }
  throw new SluiceError("storage.unsafe", "Cannot write to this store: it does not know conditional puts", {
    facts: { store },
  });
}
