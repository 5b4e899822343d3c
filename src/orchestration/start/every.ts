import type { World } from "../../base/index.ts";

/** Works again and again, so long after the work before was done, until the signal fires. */
export async function every(
  ms: number,
  { world, signal }: { readonly world: World; readonly signal: AbortSignal },
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await world.sleep(ms, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await work();
  }
}
