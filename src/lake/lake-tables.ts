import { join } from "node:path";
import type { World } from "../base/index.ts";
import type { LakeDefinition } from "../definition/index.ts";
import { openLog, type CheckpointFiles } from "../delta/index.ts";
import type { LakeTables, TablePlace } from "../layers/index.ts";
import { localStore, type ObjectStore } from "../storage/index.ts";

/** The tables of a lake in local folders: `<layer root>/<name>`. */
export function lakeTables(definition: LakeDefinition, world: World, checkpoints: CheckpointFiles): LakeTables {
  const places = new Map<string, TablePlace>();
  const stores = new Map<string, ObjectStore>();
  const storeOf = (folder: string): ObjectStore => {
    const known = stores.get(folder);
    if (known !== undefined) return known;
    const store = localStore(folder, { world });
    stores.set(folder, store);
    return store;
  };
  return {
    get systemStore() {
      return storeOf(definition.roots.system);
    },
    place: (layer, name) => {
      const full = `${layer}.${name}`;
      const known = places.get(full);
      if (known !== undefined) return known;
      const store = storeOf(join(definition.roots[layer], name));
      const place: TablePlace = { name: full, store, log: openLog(store, { world, checkpoints }) };
      places.set(full, place);
      return place;
    },
  };
}
