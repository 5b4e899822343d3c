import type { World } from "../base/index.ts";
import type { LakeDefinition } from "../definition/index.ts";
import { openLog, type CheckpointFiles } from "../delta/index.ts";
import type { LakeTables, TablePlace } from "../layers/index.ts";
import { locationBelow, type OpenStore } from "./open-store.ts";

/** The tables of a lake: `<layer root>/<name>`. */
export function lakeTables(
  definition: LakeDefinition,
  { world, openStore, checkpoints }: { world: World; openStore: OpenStore; checkpoints: CheckpointFiles },
): LakeTables {
  const places = new Map<string, TablePlace>();
  return {
    get systemStore() {
      return openStore(definition.roots.system);
    },
    place: (layer, name) => {
      const full = `${layer}.${name}`;
      const known = places.get(full);
      if (known !== undefined) return known;
      const store = openStore(locationBelow(definition.roots[layer], name));
      const place: TablePlace = { name: full, store, log: openLog(store, { world, checkpoints }) };
      places.set(full, place);
      return place;
    },
  };
}
