import { SluiceError } from "../base/index.ts";

/**
 * What a channel wrote of itself, read back; undefined where it wrote nothing yet. Fails with `source.invalid` where a newer version
 * wrote it in a format that this one does not know.
 */
export function readMemory(text: string | undefined): { readonly format: 1 } | undefined {
  if (text === undefined || text === "{}") return undefined;
  const memory = JSON.parse(text) as { readonly format: unknown };
  if (memory.format === 1) return { ...memory, format: 1 };
  throw new SluiceError("source.invalid", "Cannot go on from the last batch: a newer version of Sluice wrote it", {
    facts: { format: String(memory.format) },
    advice: "Use the newer version.",
  });
}
