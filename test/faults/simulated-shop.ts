import { loadConfig } from "../../src/cli/load-config.ts";
import { must, type World } from "../../src/base/index.ts";
import type { BronzeDefinition, LakeDefinition } from "../../src/definition/index.ts";
import type { Engine } from "../../src/engine/index.ts";
import { storeOpener } from "../../src/lake/open-store.ts";
import { runLake, type RunReport } from "../../src/orchestration/index.ts";
import { dynamodbSource, type Source } from "../../src/sources/index.ts";
import { memoryStore, type ObjectStore } from "../../src/storage/index.ts";
import { simulatedTables } from "../simulation/simulated-lake.ts";
import { openTemporaryFolder } from "../temporary-folder.ts";

/** The shop's lake over any store: several processes of one machine's memory share one engine. */
export interface SimulatedShop {
  /** One run of one process that sees the lake through this store. */
  run(lake: ObjectStore, world: World): Promise<RunReport>;
}

/** `folder` holds the shop's configuration and exports; tables go into the store that a run is given. */
export async function simulatedShop(folder: string, engine: Engine): Promise<SimulatedShop> {
  const { definition } = await loadConfig(folder, { env: {} });
  return {
    run: async (lake, world) => await runOnce(definition, { lake, world, engine }),
  };
}

async function runOnce(
  definition: LakeDefinition,
  { lake, world, engine }: { readonly lake: ObjectStore; readonly world: World; readonly engine: Engine },
): Promise<RunReport> {
  const context = { engine, tables: simulatedTables(lake, world, engine), world, run: `run-${world.uuid()}` };
  return await runLake(context, definition, {
    openSource: (bronze) => sourceOf(bronze, world),
    openFolder: openTemporaryFolder,
  });
}

function sourceOf({ source }: BronzeDefinition, world: World): Source {
  if (source.kind !== "dynamodb") throw new Error("the shop's tables are DynamoDB's");
  const { table, keys, exports } = source;
  const { folder, requireFull } = must(exports, "the shop has exports");
  return dynamodbSource(
    { table, keys, requireFullExport: requireFull, hints: [] },
    { exports: storeOpener(world)(folder), world },
  );
}

/** Another store with the same objects. */
export async function copyOf(store: ObjectStore, world: World): Promise<ObjectStore> {
  const copy = memoryStore({ world });
  for await (const { path } of store.list("")) await copy.create(path, await store.read(path));
  return copy;
}
