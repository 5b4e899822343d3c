import { fullExport } from "./data/order-exports.ts";
import { exportsTogether, freshFolder, runLake, type BenchContext, type LakeRun } from "./bench-context.ts";

const BUILT = new Map<number, Promise<LakeRun>>();

/** The lake after the full export, all layers: built once for all measures that start from it. Not to be written to. */
export async function builtLake(context: BenchContext): Promise<LakeRun> {
  const known = BUILT.get(context.items);
  if (known !== undefined) return await known;
  const built = build(context);
  BUILT.set(context.items, built);
  return await built;
}

async function build(context: BenchContext): Promise<LakeRun> {
  console.error(`  building a lake of ${context.items} items …`);
  const run = {
    exports: await exportsTogether(context, [fullExport(context.items)]),
    lake: await freshFolder(context, "lake"),
  };
  await runLake(context, run);
  return run;
}
